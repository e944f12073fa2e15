using System.Globalization;
using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Core.Motions;

/// <summary>Turns a sequence's goals into the paths of a robot's joints.</summary>
internal static class SequenceFit
{
    // Times are written in whole milliseconds, so a way that just keeps a limit may seem to take this much too little.
    private const long Rounding = Microseconds.PerSecond / 1000;

    /// <summary>Why a robot cannot play a sequence, or null; then the paths of its joints, null for one without a goal.</summary>
    public static string? FindMisfit(Sequence sequence, RobotModel model, out JointPath?[] paths)
    {
        var builders = Begin(model);
        paths = [];
        var unfit = from command in sequence.Commands from goal in command.Goals select FindMisfit(command, goal, model);
        if (unfit.FirstOrDefault(problem => problem is not null) is { } first)
            return first;
        StartAtEnd(sequence, model, builders);
        foreach (var command in sequence.Commands)
        {
            foreach (var goal in command.Goals)
            {
                var index = model.Find(goal.Joint);
                var way = Add(builders[index], command, goal);
                if (FindHaste(command, model.Joints[index], way) is { } misfit)
                    return misfit;
            }
        }

        paths = Finish(builders);
        return FindLate(model, paths);
    }

    /// <summary>The paths of a fitting sequence begun from a pose; a distant start lengthens the first moves.</summary>
    public static JointPath?[] From(Sequence sequence, RobotModel model, ReadOnlySpan<double> pose)
    {
        var builders = Begin(model);
        foreach (var command in sequence.Commands)
        {
            foreach (var goal in command.Goals)
            {
                var index = model.Find(goal.Joint);
                var joint = model.Joints[index];
                if (builders[index].IsEmpty && double.IsFinite(pose[index]))
                    builders[index].Start(Microseconds.Of(command.At), Math.Clamp(pose[index], joint.Min, joint.Max));
                Add(builders[index], command, goal);
            }
        }

        return Finish(builders);
    }

    private static JointPath.Builder[] Begin(RobotModel model) =>
        [.. model.Joints.Select(joint => new JointPath.Builder(joint.MaxVelocity))];

    private static JointPath?[] Finish(JointPath.Builder[] builders) =>
        [.. builders.Select(builder => builder.IsEmpty ? null : builder.ToPath())];

    // Each joint of a loop begins at its last goal, which it has reached when the loop ends.
    private static void StartAtEnd(Sequence sequence, RobotModel model, JointPath.Builder[] builders)
    {
        if (!sequence.Loop)
            return;
        foreach (var goal in sequence.Commands.SelectMany(command => command.Goals))
            builders[model.Find(goal.Joint)].Start(0, goal.Value);
    }

    private static double Add(JointPath.Builder builder, SequenceCommand command, JointGoal goal) =>
        builder.AddGoal(Microseconds.Of(command.At), goal.Value, goal.Speed, Microseconds.Of(command.Duration ?? TimeSpan.Zero));

    private static string? FindMisfit(SequenceCommand command, JointGoal goal, RobotModel model)
    {
        var index = model.Find(goal.Joint);
        if (index < 0)
        {
            var known = string.Join(", ", model.Joints.Select(joint => joint.Name));
            return $"{Where(goal.Joint, command)}: {model.Name} has no such joint; it has {known}";
        }

        var joint = model.Joints[index];
        return goal.Value >= joint.Min && goal.Value <= joint.Max
            ? null
            : Text($"{Where(joint.Name, command)}: {goal.Value} is outside its limits, {joint.Min} to {joint.Max}");
    }

    private static string? FindHaste(SequenceCommand command, Joint joint, double way)
    {
        var duration = Microseconds.Of(command.Duration ?? TimeSpan.Zero);
        return duration == 0 || way * Microseconds.PerSecond <= joint.MaxVelocity * (duration + Rounding)
            ? null
            : Text($"{Where(joint.Name, command)}: {way:0.##} in {duration / 1000} ms is faster than its limit, {joint.MaxVelocity} a second");
    }

    private static string? FindLate(RobotModel model, JointPath?[] paths)
    {
        for (var index = 0; index < paths.Length; index++)
        {
            if (paths[index] is { } path && path.End > Microseconds.Of(SequenceRules.Longest))
            {
                return Text(
                    $"{model.Joints[index].Name}: reaches its last goal after {path.End / Microseconds.PerSecond} s; the limit is {SequenceRules.Longest.TotalSeconds} s");
            }
        }

        return null;
    }

    private static string Where(string joint, SequenceCommand command) => Text($"{joint} at {command.At.TotalMilliseconds} ms");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
