using Armada.Mqtt;

namespace Armada.Silo.Mqtt;

/// <summary>
/// The link of a process whose devices connect to its own endpoint or to other processes of its cluster. What the process publishes goes to the
/// one device whose topic it is, and what devices publish to the process's handlers; no device hears another.
/// </summary>
/// <param name="endpoint">Null where devices connect to others only.</param>
/// <param name="router">Null where there are no others.</param>
internal sealed class DeviceLink(TopicTable table, DeviceEndpoint? endpoint = null, DeviceRouter? router = null) : IMqttLink
{
    private long published;
    private long dropped;

    public event Action<LinkState>? StateChanged;

    public LinkState State { get; private set; }

    public LinkCounters Counters => new(
        endpoint?.Received ?? 0, Interlocked.Read(ref published), Interlocked.Read(ref dropped), 0, table.HandlerFaults);

    public async Task StartAsync(CancellationToken cancellation)
    {
        if (endpoint is not null)
            await endpoint.StartAsync();
        State = LinkState.Up;
        StateChanged?.Invoke(State);
    }

    public async ValueTask DisposeAsync()
    {
        State = LinkState.Down;
        if (endpoint is not null)
            await endpoint.DisposeAsync();
    }

    public void Subscribe(string filter, Delivery delivery, MessageHandler handler) => table.Subscribe(filter, handler);

    public void Unsubscribe(string filter) => table.Unsubscribe(filter);

    public void Reconnect()
    {
    }

    public bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false)
    {
        if (!TopicFilter.IsTopic(topic))
            throw new ArgumentException($"'{topic}' is no topic", nameof(topic));
        var isTaken = table.Find(topic)?.Send(payload, delivery) == true || (delivery == Delivery.Control && router?.Forward(topic, payload) == true);
        Interlocked.Increment(ref isTaken ? ref published : ref dropped);
        return isTaken;
    }
}
