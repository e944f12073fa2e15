using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Core.Motions;

/// <summary>A sequence fitted to one robot.</summary>
internal sealed class SequenceTrack : IMotionTrack
{
    private readonly Sequence sequence;
    private readonly RobotModel model;
    private readonly JointPath?[] paths;

    /// <summary>Of these ways, one per joint of the robot; null for a joint that has no goal.</summary>
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
