using Armada.Core.Frames;
using Armada.Mqtt;

namespace Armada.EdgeAgent.Devices;

/// <summary>Publishes one device's states on its topic, from its bus thread.</summary>
internal sealed class StatePublisher(IMqttLink link, string topic)
{
    private readonly byte[] frame = new byte[FrameCodec.MaxSize];
    private long sent;
    private long dropped;

    /// <summary>Frames that the link took; may be read from any thread.</summary>
    public long Sent => Volatile.Read(ref sent);

    /// <summary>Frames that the link refused; may be read from any thread.</summary>
    public long Dropped => Volatile.Read(ref dropped);

    /// <summary>Publishes one state; never blocks.</summary>
    public void Publish(in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? echo)
    {
        var length = FrameCodec.Write(frame, header, positions, echo);
        Interlocked.Increment(ref link.Publish(topic, frame.AsSpan(0, length), Delivery.Sample) ? ref sent : ref dropped);
    }
}
