using Armada.Bench.Rows;

namespace Armada.Bench.Network;

/// <summary>How late, how far off and how rough a follower's goals are against its leader's motion.</summary>
/// <param name="LagP50">Milliseconds: which moment of the leader's motion the goals are nearest to.</param>
/// <param name="Error99">Degrees that the joint that is farthest off is from the leader, delayed by the best constant lag.</param>
/// <param name="Still">Percent of the time in which the leader moves at over 15 degrees a second, in stretches over 35 ms without another goal.</param>
/// <param name="Stops">Such stretches over 100 ms.</param>
/// <param name="Peak">Speed that is exceeded for a thousandth of the time, as a multiple of the leader's.</param>
/// <param name="Acceleration">Root mean square as a multiple of the leader's.</param>
/// <param name="Jerk">Root mean square as a multiple of the leader's.</param>
/// <param name="Holds">How often it held for want of commands.</param>
internal sealed record NetworkFigures(
    double LagP50, double LagP95, double LagP99, double Error99, double Still, double Stops, double Peak, double Acceleration, double Jerk, double Holds)
{
    private const double SampleSeconds = 0.01;
    private const double Step = 360.0 / 4096;
    private const double Sigma = 0.016 / SampleSeconds;
    private const double MovingSpeed = 15;
    private const double MaxLag = 1.2;
    private const double LagStep = 0.002;

    public static NetworkFigures Of(NetworkTrace trace) => Of(trace.Goals, trace.Leader, trace.Holds);

    /// <param name="goals">In order of time.</param>
    public static NetworkFigures Of(IReadOnlyList<TimedPose> goals, LeaderPath leader, int holds)
    {
        var count = (int)((leader.CountTo - leader.CountFrom) / SampleSeconds);
        var sampled = Sample(goals, leader.CountFrom, count);
        var finer = (int)Math.Round(SampleSeconds / LagStep);
        var past = (int)(MaxLag / LagStep);
        var poses = new double[(count * finer) + past][];
        for (var index = 0; index < poses.Length; index++)
            leader.At(leader.CountFrom - MaxLag + (index * LagStep), poses[index] = new double[LeaderPath.Joints]);

        var moves = new bool[count];
        for (var k = 0; k < count; k++)
            moves[k] = leader.Speed(leader.CountFrom + (k * SampleSeconds)) > MovingSpeed;
        var lags = new List<double>();
        for (var k = 0; k < count; k++)
        {
            var (newest, best) = ((k * finer) + past, 0);
            var least = double.MaxValue;
            for (var lag = 0; lag <= past; lag++)
            {
                var distance = Distance(sampled[k], poses[Math.Min(newest - lag, poses.Length - 1)]);
                if (distance < least)
                    (least, best) = (distance, lag);
            }

            if (moves[Math.Max(0, k - (int)(best * LagStep / SampleSeconds))])
                lags.Add(best * LagStep * 1000);
        }

        lags.Sort();
        var errors = Enumerable.Range(0, (int)(0.8 * past))
            .Select(lag => Enumerable.Range(0, count).Select(k => Distance(sampled[k], poses[(k * finer) + past - lag])).ToArray())
            .MinBy(errors => errors.Sum())!;
        Array.Sort(errors);
        var (still, stops) = Stills(goals, leader, Share(lags, 0.5) / 1000);
        var measured = Enumerable.Range(0, count).Select(k => poses[(k * finer) + past].Select(degrees => Math.Round(degrees / Step) * Step).ToArray()).ToArray();
        var (ours, theirs) = (Derivatives(sampled), Derivatives(measured));
        return new NetworkFigures(
            Share(lags, 0.5), Share(lags, 0.95), Share(lags, 0.99), Share(errors, 0.99), still, stops,
            ours.Speed / theirs.Speed, ours.Acceleration / theirs.Acceleration, ours.Jerk / theirs.Jerk, holds);
    }

    /// <summary>The medians of several runs.</summary>
    public static NetworkFigures Median(IReadOnlyList<NetworkFigures> runs)
    {
        return new NetworkFigures(
            Of(run => run.LagP50), Of(run => run.LagP95), Of(run => run.LagP99), Of(run => run.Error99), Of(run => run.Still), Of(run => run.Stops),
            Of(run => run.Peak), Of(run => run.Acceleration), Of(run => run.Jerk), Of(run => run.Holds));

        double Of(Func<NetworkFigures, double> figure) => Rounds.Median(runs.Select(figure));
    }

    /// <summary>The figures that are over their targets, by name.</summary>
    /// <param name="slack">Factor on each target.</param>
    public IEnumerable<string> Over(NetworkTargets targets, double slack)
    {
        (string Name, double Figure, double Target)[] figures =
        [
            ("lag p50", LagP50, targets.LagP50), ("lag p99", LagP99, targets.LagP99), ("err99", Error99, targets.Error99), ("still", Still, targets.Still),
            ("acc", Acceleration, targets.Acceleration), ("jerk", Jerk, targets.Jerk),
        ];
        return figures.Where(figure => !(figure.Figure <= figure.Target * slack)).Select(figure => figure.Name);
    }

    private static double[][] Sample(IReadOnlyList<TimedPose> goals, double from, int count)
    {
        var sampled = new double[count][];
        for (var (k, goal) = (0, 0); k < count; k++)
        {
            while (goal + 1 < goals.Count && goals[goal + 1].At <= from + (k * SampleSeconds))
                goal++;
            sampled[k] = goals[goal].Pose;
        }

        return sampled;
    }

    private static (double Still, int Stops) Stills(IReadOnlyList<TimedPose> goals, LeaderPath leader, double lag)
    {
        var (still, moving, stops, changed) = (0.0, 0.0, 0, leader.CountFrom);
        for (var at = leader.CountFrom; at < leader.CountTo; at += SampleSeconds)
            moving += leader.Speed(at - lag) > MovingSpeed ? SampleSeconds : 0;
        for (var goal = 1; goal < goals.Count; goal++)
        {
            var at = goals[goal].At;
            if (at < leader.CountFrom || at > leader.CountTo || goals[goal].Pose.AsSpan().SequenceEqual(goals[goal - 1].Pose))
                continue;
            var stretch = 0.0;
            for (var moment = changed; moment < at; moment += 0.001)
                stretch += leader.Speed(moment - lag) > MovingSpeed ? 0.001 : 0;
            still += stretch > 0.035 ? stretch : 0;
            stops += stretch > 0.1 ? 1 : 0;
            changed = at;
        }

        return (100 * still / moving, stops);
    }

    private static double Distance(double[] a, double[] b)
    {
        var distance = 0.0;
        for (var joint = 0; joint < LeaderPath.Joints; joint++)
            distance = Math.Max(distance, Math.Abs(a[joint] - b[joint]));
        return distance;
    }

    /// <summary>The speed that is exceeded for a thousandth of the time; acceleration and jerk as root mean squares, over all joints.</summary>
    private static (double Speed, double Acceleration, double Jerk) Derivatives(double[][] poses)
    {
        var speeds = new List<double>();
        var (acceleration, jerk) = (0.0, 0.0);
        for (var joint = 0; joint < LeaderPath.Joints; joint++)
        {
            var speed = Derivative(Smooth([.. poses.Select(pose => pose[joint])]));
            var change = Derivative(speed);
            speeds.AddRange(speed.Select(Math.Abs));
            acceleration += change.Sum(value => value * value);
            jerk += Derivative(change).Sum(value => value * value);
        }

        speeds.Sort();
        return (Share(speeds, 0.999), Math.Sqrt(acceleration), Math.Sqrt(jerk));
    }

    private static double[] Derivative(double[] values) => [.. values.Skip(1).Zip(values, (after, before) => (after - before) / SampleSeconds)];

    private static double[] Smooth(double[] values)
    {
        const int reach = 7;
        var weights = Enumerable.Range(-reach, (2 * reach) + 1).Select(offset => Math.Exp(-offset * offset / (2 * Sigma * Sigma))).ToArray();
        var total = weights.Sum();
        return [.. Enumerable.Range(0, values.Length).Select(index =>
            Enumerable.Range(-reach, weights.Length).Sum(offset => weights[offset + reach] * values[Math.Clamp(index + offset, 0, values.Length - 1)]) / total)];
    }

    private static double Share(IReadOnlyList<double> sorted, double share) =>
        sorted.Count == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
}
