using System.Globalization;
using System.Text;

namespace Armada.Bench.Network;

/// <summary>One joint over a few seconds as an SVG: where the leader is, what arrives, and the goals on the follower's bus.</summary>
internal static class MotionPlot
{
    private const double Width = 900;
    private const double Height = 320;
    private const double Left = 50;
    private const double Right = 24;
    private const double Top = 34;
    private const double Bottom = 40;
    private const string LeaderColor = "#8a8a8a";
    private const string GoalColor = "#1f5fbf";
    private const string ArrivalColor = "#e08a1e";
    private const string MarkColor = "#c0392b";

    /// <param name="from">Seconds of the motion at the left edge.</param>
    /// <param name="marks">What happened, and when.</param>
    public static string Draw(string title, NetworkTrace trace, double from, double to, IReadOnlyList<(double At, string Text)> marks)
    {
        var path = trace.Leader;
        var joint = Enumerable.Range(0, LeaderPath.Joints).MaxBy(joint => Span(path, joint, from, to));
        var leader = Times(from, to, 0.01).Select(at => (at, Of(path, at, joint))).ToList();
        var goals = trace.Goals.Where(goal => goal.At >= from && goal.At <= to).Select(goal => (goal.At, goal.Pose[joint])).ToList();
        var arrivals = trace.Arrivals.Where(arrival => arrival.At >= from && arrival.At <= to && !double.IsNaN(arrival.Pose[joint])).Select(arrival => (arrival.At, arrival.Pose[joint])).ToList();
        var all = leader.Concat(goals).Concat(arrivals).Select(point => point.Item2).ToList();
        var frame = new Frame(from, to, all.Min() - 3, all.Max() + 3);

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#ffffff\"/>\n<text x=\"{Left}\" y=\"18\" font-size=\"14\">{title}</text>\n");
        Axes(svg, frame);
        foreach (var (at, text) in marks.Where(mark => mark.At > from && mark.At < to))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{frame.X(at):0.#} {Top}V{Height - Bottom}\" stroke=\"{MarkColor}\" stroke-dasharray=\"4 3\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{frame.X(at) + 4:0.#}\" y=\"{Top + 12}\" fill=\"{MarkColor}\">{text}</text>\n");
        }

        Line(svg, frame, leader, LeaderColor, steps: false);
        svg.Append(CultureInfo.InvariantCulture, $"<g fill=\"{ArrivalColor}\">");
        foreach (var (at, value) in arrivals)
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{frame.X(at):0.#}\" cy=\"{frame.Y(value):0.#}\" r=\"1.8\"/>");
        svg.Append("</g>\n");
        Line(svg, frame, goals, GoalColor, steps: true);
        Legend(svg);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Axes(StringBuilder svg, Frame frame)
    {
        svg.Append("<g stroke=\"#d8d8d8\" fill=\"none\">");
        foreach (var (x, _) in frame.TimeTicks())
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{x:0.#} {Top}V{Height - Bottom}\"/>");
        foreach (var (y, _) in frame.ValueTicks())
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {y:0.#}H{Width - Right}\"/>");
        svg.Append("</g>\n<g fill=\"#444444\">");
        foreach (var (x, text) in frame.TimeTicks())
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{text}</text>");
        foreach (var (y, text) in frame.ValueTicks())
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{text}</text>");
        svg.Append("</g>\n");
    }

    private static void Line(StringBuilder svg, Frame frame, List<(double At, double Value)> points, string color, bool steps)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<path fill=\"none\" stroke=\"{color}\" stroke-width=\"1.6\" d=\"");
        for (var index = 0; index < points.Count; index++)
        {
            var (x, y) = (frame.X(points[index].At), frame.Y(points[index].Value));
            if (index == 0)
                svg.Append(CultureInfo.InvariantCulture, $"M{x:0.#} {y:0.#}");
            else if (steps)
                svg.Append(CultureInfo.InvariantCulture, $"H{x:0.#}V{y:0.#}");
            else
                svg.Append(CultureInfo.InvariantCulture, $"L{x:0.#} {y:0.#}");
        }

        svg.Append("\"/>\n");
    }

    private static void Legend(StringBuilder svg)
    {
        (string Color, string Text)[] entries = [(LeaderColor, "leader"), (ArrivalColor, "commands as they arrive"), (GoalColor, "goals on the follower's bus")];
        for (var index = 0; index < entries.Length; index++)
        {
            var x = Left + (index * 190);
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x}\" y=\"{Height - 14}\" width=\"14\" height=\"4\" fill=\"{entries[index].Color}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + 20}\" y=\"{Height - 8}\" fill=\"#444444\">{entries[index].Text}</text>\n");
        }
    }

    private static double Span(LeaderPath path, int joint, double from, double to)
    {
        var values = Times(from, to, 0.02).Select(at => Of(path, at, joint)).ToList();
        return values.Max() - values.Min();
    }

    private static double Of(LeaderPath path, double at, int joint)
    {
        Span<double> pose = stackalloc double[LeaderPath.Joints];
        path.At(at, pose);
        return pose[joint];
    }

    private static IEnumerable<double> Times(double from, double to, double step) =>
        Enumerable.Range(0, (int)((to - from) / step) + 1).Select(index => from + (index * step));

    private sealed record Frame(double From, double To, double Min, double Max)
    {
        public double X(double at) => Left + ((at - From) / (To - From) * (Width - Left - Right));

        public double Y(double value) => Top + ((Max - value) / (Max - Min) * (Height - Top - Bottom));

        public IEnumerable<(double X, string Text)> TimeTicks()
        {
            for (var tenths = 0; tenths / 10.0 <= To - From; tenths += 2)
                yield return (X(From + (tenths / 10.0)), string.Create(CultureInfo.InvariantCulture, $"{tenths / 10.0:0.0} s"));
        }

        public IEnumerable<(double Y, string Text)> ValueTicks()
        {
            var step = Max - Min > 60 ? 20 : Max - Min > 25 ? 10 : 5;
            for (var value = Math.Ceiling(Min / step) * step; value <= Max; value += step)
                yield return (Y(value), string.Create(CultureInfo.InvariantCulture, $"{(int)value}°"));
        }
    }
}
