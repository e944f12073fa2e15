using Armada.EdgeAgent.Devices;
using Armada.Messaging.Uplink;
using Armada.Wire.Frames;

namespace Armada.EdgeAgent.Uplink;

/// <summary>Makes frames of one device's states, on its bus thread, and gives them to its uplink.</summary>
internal sealed class StateFeed
{
    private readonly IStateUplink uplink;
    private readonly byte[] frame = new byte[FrameCodec.MaxSize];

    private StateFeed(IStateUplink uplink) => this.uplink = uplink;

    /// <summary>Joins a device to its uplink; before its session starts.</summary>
    public static void Join(Device device, IStateUplink uplink)
    {
        device.Uplink = uplink;
        device.AddSink(new StateFeed(uplink).OnState);
    }

    private void OnState(in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? echo)
    {
        var length = FrameCodec.Write(frame, header, positions, echo);
        uplink.Send(frame.AsSpan(0, length));
    }
}
