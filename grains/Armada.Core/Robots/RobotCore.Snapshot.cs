using Armada.Core.Time;

namespace Armada.Core.Robots;

public sealed partial class RobotCore
{
    /// <summary>The robot now.</summary>
    public RobotSnapshot Snapshot(in Timestamp now)
    {
        var states = new JointState[Document.Model.Joints.Length];
        for (var joint = 0; joint < states.Length; joint++)
            states[joint] = State(joint);
        var tracks = new SlaveSnapshot[slaves.Count];
        for (var index = 0; index < tracks.Length; index++)
            tracks[index] = slaves[index].Snapshot(IsStopped, now);
        var bound = Document.Slaves.Length;
        return new RobotSnapshot(
            now.Unix,
            Document,
            fleetStopped,
            lease?.Snapshot(Document.Epoch, now),
            [.. tracks[..bound]],
            [.. tracks[bound..]],
            [.. states],
            IsManual);
    }

    private JointState State(int joint)
    {
        foreach (var slave in slaves)
        {
            if (slave.IsCommanded && double.IsFinite(slave.Real[joint]))
                return robot.State(joint, slave.Real[joint], slave.RealAt, slave.OffsetOf(joint));
        }

        return robot.State(joint, null, null, 0);
    }
}
