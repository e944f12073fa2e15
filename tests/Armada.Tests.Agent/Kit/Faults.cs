using Armada.Devices.Serial;
using Armada.Mqtt;

namespace Armada.Tests.Agent.Kit;

/// <summary>A fault that a test arms and that happens once.</summary>
internal sealed class OneFault
{
    private int armed;

    public void Arm() => Volatile.Write(ref armed, 1);

    public void Happen()
    {
        if (Interlocked.Exchange(ref armed, 0) == 1)
            throw new InvalidOperationException("made by the test");
    }
}

/// <summary>Real serial ports whose links fail once in the midst of a read.</summary>
internal sealed class FaultyPorts(OneFault fault) : ISerialPorts
{
    private readonly ISerialPorts ports = SerialPorts.Create();

    public ISerialLink Open(string port, int baud) => new FaultyPort(ports.Open(port, baud), fault);

    private sealed class FaultyPort(ISerialLink link, OneFault fault) : ISerialLink
    {
        public string Port => link.Port;

        public void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation) => link.Write(bytes, cancellation);

        public int Read(Span<byte> buffer, TimeSpan timeout, CancellationToken cancellation)
        {
            fault.Happen();
            return link.Read(buffer, timeout, cancellation);
        }

        public void Dispose() => link.Dispose();
    }
}

/// <summary>A real link that fails once to publish a retained message, to reconnect, or to close.</summary>
internal sealed class FaultyLink(IMqttLink link, OneFault? publishing = null, OneFault? reconnecting = null, OneFault? closing = null) : IMqttLink
{
    public event Action<LinkState>? StateChanged
    {
        add => link.StateChanged += value;
        remove => link.StateChanged -= value;
    }

    public LinkState State => link.State;

    public LinkCounters Counters => link.Counters;

    public void Subscribe(string filter, Delivery delivery, MessageHandler handler) => link.Subscribe(filter, delivery, handler);

    public void Unsubscribe(string filter) => link.Unsubscribe(filter);

    public Task StartAsync(CancellationToken cancellation) => link.StartAsync(cancellation);

    public void Reconnect()
    {
        reconnecting?.Happen();
        link.Reconnect();
    }

    public bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false)
    {
        if (retain)
            publishing?.Happen();
        return link.Publish(topic, payload, delivery, retain);
    }

    public async ValueTask DisposeAsync()
    {
        await link.DisposeAsync();
        closing?.Happen();
    }
}

/// <summary>The machine's time, which fails once on a pool thread: arms run on threads of their own.</summary>
internal sealed class FaultyTime(OneFault fault) : TimeProvider
{
    public override long TimestampFrequency => System.TimestampFrequency;

    public override long GetTimestamp()
    {
        if (Thread.CurrentThread.IsThreadPoolThread)
            fault.Happen();
        return System.GetTimestamp();
    }
}
