using Armada.Mqtt;

namespace Armada.Tests.Link;

/// <summary>A link without a broker: keeps what it is subscribed to; faulty at the start when the test says so.</summary>
internal sealed class RecordingLink : IMqttLink
{
    private readonly Lock gate = new();
    private readonly List<string> filters = [];
    private int starts;

    public event Action<LinkState>? StateChanged
    {
        add { }
        remove { }
    }

    public LinkState State => LinkState.Down;

    public LinkCounters Counters => default;

    public Exception? StartFault { get; set; }

    public bool IsStarted => Volatile.Read(ref starts) == 1;

    public bool IsClosed { get; private set; }

    public string[] Filters
    {
        get
        {
            lock (gate) return [.. filters];
        }
    }

    public void Subscribe(string filter, Delivery delivery, MessageHandler handler)
    {
        lock (gate) filters.Add(filter);
    }

    public void Unsubscribe(string filter)
    {
        lock (gate) filters.RemoveAll(each => each == filter);
    }

    public Task StartAsync(CancellationToken cancellation)
    {
        if (StartFault is not null) return Task.FromException(StartFault);
        Interlocked.Increment(ref starts);
        return Task.CompletedTask;
    }

    public void Reconnect() => throw new NotSupportedException();

    public bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false) => throw new NotSupportedException();

    public ValueTask DisposeAsync()
    {
        IsClosed = true;
        return ValueTask.CompletedTask;
    }
}
