using Armada.Domain.Routing;
using Armada.Domain.Time;
using Armada.Messaging.Link;
using Armada.Silo.Telemetry;
using Armada.Wire.Frames;

namespace Armada.Silo.Engine;

/// <summary>Puts a robot's commands on the wire, one frame per slave. Used inside the cell's turn only.</summary>
internal sealed class SlaveCommands(IMqttLink link, SiloClock clock, SiloTelemetry telemetry) : ICommandSink
{
    /// <summary>The command topic of each slave, by its index.</summary>
    public string[] Topics { get; set; } = [];

    /// <summary>When the sample came that is being routed.</summary>
    public Moment Received { get; set; }

    /// <inheritdoc/>
    public void Command(int slave, in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        Span<byte> frame = stackalloc byte[FrameCodec.MaxSize];
        var header = new FrameHeader(
            FrameKind.Command, FrameFlags.None, positions.Length, stamp.Sequence, stamp.CapturedAt, stamp.Epoch, stamp.TimeToLiveMs);
        var length = FrameCodec.Write(frame, header, positions);
        link.Publish(Topics[slave], frame[..length], Delivery.Sample);
        telemetry.CountCommand();
        if (telemetry.RouteTime.Enabled)
            telemetry.RouteTime.Record((clock.Monotonic() - Received.Monotonic) / 1000.0);
    }
}
