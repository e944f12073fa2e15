using Armada.Mqtt;

namespace Armada.Testing.Brokers;

/// <summary>A link without a broker: always up, keeps the last command's bytes and every control message.</summary>
public sealed class QuietLink : IMqttLink
{
    private readonly Lock sync = new();
    private readonly List<(string Topic, byte[] Payload)> controls = [];
    private readonly byte[] last = new byte[512];
    private int lastLength;
    private int reconnects;

    /// <summary>Takes something published, inside the call.</summary>
    public delegate void Heard(string topic, ReadOnlySpan<byte> payload);

    public event Action<LinkState>? StateChanged;

    public LinkState State => LinkState.Up;

    public LinkCounters Counters => default;

    /// <summary>Called with everything that is published; null for nobody.</summary>
    public Heard? OnPublish { get; set; }

    /// <summary>How often it was told to connect anew.</summary>
    public int Reconnects => Volatile.Read(ref reconnects);

    /// <summary>How many samples were published.</summary>
    public long Samples { get; private set; }

    public ReadOnlySpan<byte> LastSample => last.AsSpan(0, lastLength);

    public (string Topic, byte[] Payload)[] Controls
    {
        get
        {
            lock (sync)
                return [.. controls];
        }
    }

    public void Subscribe(string filter, Delivery delivery, MessageHandler handler)
    {
    }

    public void Unsubscribe(string filter)
    {
    }

    public Task StartAsync(CancellationToken cancellation)
    {
        StateChanged?.Invoke(LinkState.Up);
        return Task.CompletedTask;
    }

    public void Reconnect() => Interlocked.Increment(ref reconnects);

    public bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false)
    {
        OnPublish?.Invoke(topic, payload);
        if (delivery == Delivery.Sample)
        {
            payload.CopyTo(last);
            lastLength = payload.Length;
            Samples++;
            return true;
        }

        lock (sync)
            controls.Add((topic, payload.ToArray()));
        return true;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
