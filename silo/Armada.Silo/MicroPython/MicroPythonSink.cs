using System.Text;
using Armada.Core.MicroPython;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Mqtt;
using Armada.Silo.Engine;

namespace Armada.Silo.MicroPython;

/// <summary>
/// Commands as JSON on the topic that a MicroPython follower listens to: 50 a second at most, only what differs from what it was
/// told, and that again twice a second as long as the robot is led. It has no stop of its own, so after a stop it is told nothing.
/// </summary>
internal sealed class MicroPythonSink(IMqttLink link, SiloClock clock, string topic, string thing, bool gripperInPercent) : ISlaveSink
{
    private const double DeadBand = 0.1; // degrees

    private static readonly long Interval = Microseconds.Of(TimeSpan.FromMilliseconds(20));
    private static readonly long EarlyTolerance = Interval / 2; // So much one message may come early, for sources at 50 Hz that jitter.
    private static readonly long KeepAlive = Microseconds.Of(TimeSpan.FromMilliseconds(500));

    private readonly byte[] name = Encoding.UTF8.GetBytes(thing);
    private readonly double[] target = NewPose();
    private readonly double[] sent = NewPose();
    private bool isCommanded;
    private long dueAt;
    private long sentAt;

    public void Send(in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        if (positions.Length != target.Length)
            return; // The robot has just got other joints, and the slave another outlet.
        for (var joint = 0; joint < target.Length; joint++)
        {
            if (!double.IsNaN(positions[joint])) // A joint that is not commanded is told where it was told to be.
                target[joint] = joint == GripperUnit.Index && gripperInPercent ? GripperAngle.ToDegrees(positions[joint]) : positions[joint];
            isCommanded |= !double.IsNaN(target[joint]);
        }

        SendIfDue(clock.Monotonic());
    }

    public void Tick(in Timestamp now, bool isLed)
    {
        isCommanded &= isLed; // What waits after a stop or without a leader is not told any more.
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
            // Written so that a joint told for the first time differs.
            if (!double.IsNaN(target[joint]) && !(Math.Abs(target[joint] - sent[joint]) < DeadBand))
                return true;
        }

        return false;
    }

    private static double[] NewPose()
    {
        var degrees = new double[MicroPythonJson.Joints];
        degrees.AsSpan().Fill(double.NaN);
        return degrees;
    }
}

/// <summary>The one joint that the dialect and most models tell in different units.</summary>
internal static class GripperUnit
{
    public const int Index = MicroPythonJson.Joints - 1;

    /// <summary>Whether a model has its gripper in percent; one read from a URDF has it in degrees, as the dialect does.</summary>
    public static bool IsPercent(RobotModel model) => model.Joints.Length > Index && model.Joints[Index].Unit == JointUnit.Percent;
}
