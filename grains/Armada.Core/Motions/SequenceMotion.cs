using System.Diagnostics.CodeAnalysis;
using Armada.Core.Robots;

namespace Armada.Core.Motions;

/// <summary>A sequence as a motion: straight ways between its goals, none faster than its joint may go.</summary>
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
