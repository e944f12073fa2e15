using Armada.Messaging.Link;
using Armada.Messaging.Uplink;

namespace Armada.EdgeAgent.Uplink;

/// <summary>Publishes a device's states on its topic, over its own link.</summary>
internal sealed class MqttUplink(IMqttLink link, string topic) : IStateUplink
{
    private long sent;
    private long dropped;

    /// <inheritdoc/>
    public string Way => "mqtt";

    /// <inheritdoc/>
    public long Sent => Volatile.Read(ref sent);

    /// <inheritdoc/>
    public long Dropped => Volatile.Read(ref dropped);

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame) =>
        Interlocked.Increment(ref link.Publish(topic, frame, Delivery.Sample) ? ref sent : ref dropped);
}
