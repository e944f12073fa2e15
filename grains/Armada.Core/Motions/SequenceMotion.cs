using System.Diagnostics.CodeAnalysis;
using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Core.Motions;

/// <summary>A sequence as a motion: straight moves between its goals, within the velocity of each joint.</summary>
/// <remarks>
/// A goal with a duration is reached in it, one without as fast as its speed and its joint let it. A later goal for the same joint cuts
/// the way to an earlier one short. A loop begins where it ends, so its seam is a way like any other; a motion that does not loop
/// begins wherever the robot is (<see cref="IMotionTrack.StartingAt"/>), and says nothing of a joint before that joint's first goal.
/// </remarks>
/// <param name="Sequence">A sequence without problems (<see cref="SequenceRules"/>).</param>
[GenerateSerializer, Immutable, Alias("armada.sequence.motion")]
public sealed record SequenceMotion([Id(0)] Sequence Sequence) : IMotion
{
    public string Name => Sequence.Id;

    public bool TryFit(RobotModel model, [NotNullWhen(true)] out IMotionTrack? track, [NotNullWhen(false)] out string? misfit)
    {
        misfit = SequenceFit.FindMisfit(Sequence, model, out var paths);
        track = misfit is null ? new SequenceTrack(Sequence, model, paths) : null;
        return track is not null;
    }
}

internal sealed class SequenceTrack : IMotionTrack
{
    private readonly Sequence sequence;
    private readonly RobotModel model;
    private readonly JointPath?[] paths;

    /// <param name="sequence">The sequence.</param>
    /// <param name="model">The robot.</param>
    /// <param name="paths">One per joint; null for a joint without a goal.</param>
    public SequenceTrack(Sequence sequence, RobotModel model, JointPath?[] paths)
    {
        (this.sequence, this.model, this.paths) = (sequence, model, paths);
        Duration = Microseconds.Of(sequence.TotalDuration);
        foreach (var path in paths)
            Duration = Math.Max(Duration, path?.End ?? 0);
    }

    public long Duration { get; }

    public void PoseAt(long at, Span<double> pose)
    {
        for (var joint = 0; joint < paths.Length; joint++)
        {
            if (paths[joint] is { } path && at >= path.Begin)
                pose[joint] = path.At(at);
        }
    }

    public IMotionTrack StartingAt(ReadOnlySpan<double> pose) =>
        sequence.Loop ? this : new SequenceTrack(sequence, model, SequenceFit.From(sequence, model, pose));
}
