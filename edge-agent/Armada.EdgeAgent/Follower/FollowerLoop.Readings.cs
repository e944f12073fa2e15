using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Devices.Arms;
using Armada.EdgeAgent.Devices;

namespace Armada.EdgeAgent.Follower;

internal sealed partial class FollowerLoop
{
    private readonly ReadingSchedule schedule;
    private readonly ArmDiagnostics condition;
    private readonly RestartBackoff restarts = new();
    private readonly ServoTelemetry[] health = new ServoTelemetry[ArmJoint.Count];
    private SampleStamp? finished;
    private Timestamp finishedAt;
    private uint sequence;

    private void Read(CancellationToken cancellation)
    {
        switch (schedule.Next())
        {
            case Reading.Pose:
                Publish(cancellation);
                break;
            case Reading.Health:
                arm.ReadHealth(health, cancellation);
                condition.Measure(health);
                break;
            case Reading.Torque when !isLimp:
                RestoreTorque(cancellation);
                break;
        }
    }

    /// <summary>Starts the arm again where a servo lost its torque, or came back that was not there at the start.</summary>
    private void RestoreTorque(CancellationToken cancellation)
    {
        var lost = arm.ReadTorqueLost(cancellation);
        if (!restarts.IsDue(lost.Union(arm.Returned), time.Now()))
            return;
        LogRestart(device.Name, lost);
        StartAgain(cancellation);
    }

    private void Publish(CancellationToken cancellation)
    {
        var now = time.Now();
        arm.ReadPose(pose, cancellation);
        law.Adopt(pose);
        condition.Observe(arm);
        var flags = (isLimp ? FrameFlags.None : FrameFlags.TorqueOn)
            | (condition.IsMoving ? FrameFlags.Moving : FrameFlags.None)
            | (device.Status.HasFault ? FrameFlags.Fault : FrameFlags.None);
        var header = new FrameHeader(FrameKind.State, flags, pose.Length, ++sequence, now.Unix, device.Inbox.Told, 0);
        device.Publish(header, pose, finished is { } stamp ? EchoOf(stamp, now) : null);
    }

    private FrameEcho EchoOf(in SampleStamp stamp, in Timestamp now) =>
        new(stamp.Sequence, stamp.CapturedAt, (uint)Math.Clamp(now.MicrosecondsSince(finishedAt), 0, uint.MaxValue));
}
