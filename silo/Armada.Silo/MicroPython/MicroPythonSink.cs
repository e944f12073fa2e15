using System.Text;
using Armada.Core.MicroPython;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Mqtt;

namespace Armada.Silo.MicroPython;

/// <summary>
/// Sends commands as JSON on the topic that a MicroPython follower subscribes to: at most 50 per second, only changes, and the last one
/// again twice a second while the robot is led. The boards know no stop, so after a stop nothing is sent.
/// </summary>
internal sealed class MicroPythonSink(IMqttLink link, SiloClock clock, string topic, string thing, bool gripperInPercent) : ISlaveSink
{
    private const double DeadBand = 0.1; // degrees

    private static readonly long Interval = Microseconds.Of(TimeSpan.FromMilliseconds(20));
    private static readonly long EarlyTolerance = Interval / 2; // Sources at 50 Hz jitter.
    private static readonly long KeepAlive = Microseconds.Of(TimeSpan.FromMilliseconds(500));

    private readonly byte[] name = Encoding.UTF8.GetBytes(thing);
    private readonly double[] target = NewPose();
    private readonly double[] sent = NewPose();
    private bool isCommanded;
    private long dueAt;
    private long sentAt;

    public void Send(in SampleStamp stamp, ReadOnlySpan<double> positions, bool hasMore)
    {
        if (positions.Length != target.Length)
            return; // The robot has just got other joints, and the slave another sink.
        for (var joint = 0; joint < target.Length; joint++)
        {
            if (!double.IsNaN(positions[joint])) // A joint without a command keeps its last target.
                target[joint] = joint == GripperUnit.Index && gripperInPercent ? GripperAngle.ToDegrees(positions[joint]) : positions[joint];
            isCommanded |= !double.IsNaN(target[joint]);
        }

        SendIfDue(clock.Monotonic());
    }

    public void Tick(in Timestamp now, bool isLed)
    {
        isCommanded &= isLed; // Nothing is sent after a stop or without a leader.
        SendIfDue(now.Monotonic);
    }

    private void SendIfDue(long now)
    {
        if (!isCommanded || now < dueAt - EarlyTolerance || (now < sentAt + KeepAlive && !Differs()))
            return;
        dueAt = Math.Max(now, dueAt) + Interval;
        Span<byte> json = stackalloc byte[MicroPythonJson.MaxWritten];
        if (!link.Publish(topic, json[..MicroPythonJson.Write(json, name, target)], Delivery.Sample))
            return;
        target.CopyTo(sent, 0);
        sentAt = now;
    }

    private bool Differs()
    {
        for (var joint = 0; joint < target.Length; joint++)
        {
            // True for a joint that was never sent, too.
            if (!double.IsNaN(target[joint]) && !(Math.Abs(target[joint] - sent[joint]) < DeadBand))
                return true;
        }

        return false;
    }

    private static double[] NewPose() => [.. Enumerable.Repeat(double.NaN, MicroPythonJson.Joints)];
}

/// <summary>The gripper: degrees in the dialect, percent in most models.</summary>
internal static class GripperUnit
{
    public const int Index = MicroPythonJson.Joints - 1;

    /// <summary>False for models read from a URDF, which use degrees.</summary>
    public static bool IsPercent(RobotModel model) => model.Find("gripper") is >= 0 and var index && model.Joints[index].Unit == JointUnit.Percent;
}
