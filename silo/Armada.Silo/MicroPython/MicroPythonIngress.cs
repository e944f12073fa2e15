using System.Text;
using Armada.Core.MicroPython;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Silo.Telemetry;

namespace Armada.Silo.MicroPython;

/// <summary>
/// Passes the poses of MicroPython leaders to their robots, on the link's thread. Allocates nothing unless a message is malformed or
/// something is logged.
/// </summary>
internal sealed partial class MicroPythonIngress(
    MicroPythonTopics topics, DeviceRoutes routes, SiloClock clock, SiloTelemetry telemetry, ILogger<MicroPythonIngress> logger)
{
    private readonly LogPace malformedPace = new();
    private readonly LogPace unknownPace = new();

    public void OnState(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        var now = clock.Now();
        if (!topics.TryParse(topic, out var thing))
            return;
        if (routes.Find(thing) is not { } slot)
        {
            telemetry.CountUnknownDevice();
            if (unknownPace.IsDue(now, out var hidden))
                LogUnknown(Encoding.UTF8.GetString(thing), hidden);
            return;
        }

        if (slot.Role == DeviceRole.Slave)
            return; // The silo's own commands to a follower; the follower itself publishes nothing on this topic.
        Span<double> positions = stackalloc double[MicroPythonJson.Joints];
        if (!MicroPythonJson.TryRead(payload, positions, out var problem))
        {
            telemetry.CountMalformedDialect();
            if (malformedPace.IsDue(now, out var hidden))
                LogMalformed(Encoding.UTF8.GetString(thing), payload.Length, problem, hidden);
            return;
        }

        if (GripperUnit.IsPercent(slot.Model))
            positions[GripperUnit.Index] = GripperAngle.ToPercent(positions[GripperUnit.Index]);
        slot.MovedAt = now.Monotonic; // A board does not say when it stands still.
        slot.Robot.OnSample(slot, new SampleStamp(0, 0, clock.CapturedAt(now), Unfenced: true), positions, now);
    }

    [LoggerMessage(
        1330,
        LogLevel.Warning,
        "{Thing} sent {Length} bytes that are not the pose of a MicroPython arm; dropped: {Problem} ({Hidden} similar messages suppressed)")]
    private partial void LogMalformed(string thing, int length, string problem, long hidden);

    [LoggerMessage(1331, LogLevel.Information, "{Thing} is not bound to a robot; its poses are dropped ({Hidden} similar messages suppressed)")]
    private partial void LogUnknown(string thing, long hidden);
}
