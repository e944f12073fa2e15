using Armada.Domain.Routing;
using Armada.Domain.Time;

namespace Armada.Domain.Robots;

public sealed partial class RobotCore
{
    /// <summary>The robot now.</summary>
    public RobotSnapshot Snapshot(in Moment now)
    {
        var targets = new JointState[wanted.Length];
        for (var joint = 0; joint < targets.Length; joint++)
        {
            var limited = JointLimits.Clamp(Document.Model.Joints[joint], wanted[joint]);
            targets[joint] = new JointState(Reading.OrNull(wanted[joint]), wantedAt, Reading.OrNull(limited), wantedAt, null, null, 0);
        }

        var followers = new SlaveSnapshot[slaves.Count];
        for (var index = 0; index < followers.Length; index++)
            followers[index] = slaves[index].Snapshot(IsStopped, now);
        return new RobotSnapshot(
            now.Unix, Document, fleetStopped, lease?.Snapshot(Document.Epoch, now), [.. followers], [], [.. targets], false);
    }
}
