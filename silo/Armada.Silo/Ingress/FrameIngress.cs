using Armada.Core.Frames;
using Armada.Core.Time;
using Armada.Core.Topics;
using Armada.Grains.Robots;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Ingress;

/// <summary>Brings state payloads to the robots, on the link's thread. Allocates nothing unless a line is logged.</summary>
internal sealed partial class FrameIngress(
    TopicMap topics, DeviceRoutes routes, SiloClock clock, SiloTelemetry telemetry, ILogger<FrameIngress> logger)
{
    private readonly LogPace malformedPace = new();
    private readonly LogPace unknownPace = new();

    public void OnState(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (topics.TryParse(topic, out var device, out _))
            Take(device, payload);
    }

    /// <param name="device">Its name, UTF-8.</param>
    /// <param name="payload">One or more state frames.</param>
    public void Take(ReadOnlySpan<byte> device, ReadOnlySpan<byte> payload)
    {
        var now = clock.Now();
        var slot = routes.Find(device);
        var rest = payload;
        var error = payload.IsEmpty ? FrameError.Truncated : FrameError.None;
        while (!rest.IsEmpty && TryReadState(ref rest, out var frame, out error))
        {
            if (slot is null)
            {
                RefuseUnknown(device, now);
                return;
            }

            Route(slot, frame, now, hasMore: !rest.IsEmpty);
        }

        if (error == FrameError.None)
            return;
        telemetry.Count(error);
        if (malformedPace.IsDue(now, out var hidden))
            LogMalformed(Text(device), error, payload.Length, hidden);
    }

    private void Route(SampleSlot slot, in FrameView frame, in Timestamp now, bool hasMore)
    {
        Measure(slot, frame, now);
        Span<double> positions = stackalloc double[FrameCodec.MaxJoints];
        frame.CopyTo(positions);
        var header = frame.Header;
        if ((header.Flags & FrameFlags.KeepAlive) == 0)
            slot.MovedAt = now.Monotonic;
        slot.Robot.OnSample(slot, header.Stamp, positions[..header.Joints], now, hasMore);
    }

    private void Measure(SampleSlot slot, in FrameView frame, in Timestamp now)
    {
        if (telemetry.LeadTime.Enabled)
            telemetry.LeadTime.Record(Seconds(now.Unix - frame.Header.CapturedAt));
        if (slot.Role != DeviceRole.Slave || !frame.HasEcho || !slot.IsNewEcho(frame.Echo))
            return;
        var lag = (frame.Header.CapturedAt - frame.Echo.HeldMicros - frame.Echo.CapturedAt) / 1000.0;
        slot.Lag.Add(lag);
        telemetry.FollowerLag.Record(Math.Max(0, lag / 1000));
        telemetry.RoundTrip.Record(Seconds(now.Unix - frame.Echo.HeldMicros - frame.Echo.CapturedAt));
    }

    // Clocks of two machines may differ by more than the time between.
    private static double Seconds(long micros) => Math.Max(0, micros) / (double)Microseconds.PerSecond;

    private void RefuseUnknown(ReadOnlySpan<byte> device, in Timestamp now)
    {
        telemetry.CountUnknownDevice();
        if (unknownPace.IsDue(now, out var hidden))
            LogUnknown(Text(device), hidden);
    }

    private static bool TryReadState(ref ReadOnlySpan<byte> payload, out FrameView frame, out FrameError error)
    {
        if (FrameCodec.TryRead(ref payload, out frame, out error) && frame.Header.Kind != FrameKind.State)
            error = FrameError.UnknownKind;
        return error == FrameError.None;
    }

    private static string Text(ReadOnlySpan<byte> device) => System.Text.Encoding.UTF8.GetString(device);

    [LoggerMessage(1210, LogLevel.Warning, "{Device}: {Error} in a state payload of {Length} bytes, dropped ({Hidden} such lines left out)")]
    private partial void LogMalformed(string device, FrameError error, int length, long hidden);

    [LoggerMessage(1211, LogLevel.Information, "{Device} serves no robot, its frames are dropped ({Hidden} such lines left out)")]
    private partial void LogUnknown(string device, long hidden);
}
