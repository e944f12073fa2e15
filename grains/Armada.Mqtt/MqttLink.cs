using Microsoft.Extensions.Logging;
using MQTTnet.Formatter;

namespace Armada.Mqtt;

/// <summary>The MQTT link on MQTTnet 5.</summary>
/// <remarks>
/// MQTTnet encodes and decodes the packets; the connection is the link's own. MQTTnet's client writes each message twice to the
/// socket, header and payload, and hands each received one through a queue, several tasks and a few copies. Here messages gather in
/// a batch while another is written, and handlers look into the socket's buffer. One thread per connection reads and calls the
/// handlers. A publisher on another thread writes to the socket itself where nobody else is at it, and leaves the writing to
/// whoever is; it never waits for a handler or for the socket.
/// </remarks>
public sealed partial class MqttLink : IMqttLink
{
    private readonly LinkOptions options;
    private readonly ILogger<MqttLink> logger;
    private readonly TimeProvider time;
    private readonly BackOff backOff;
    private readonly Outbox outbox;
    private readonly MqttPacketFormatterAdapter decoder;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock lifecycle = new();
    private volatile TaskCompletionSource anew = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Subscriptions subscriptions;
    private volatile LinkState state;
    private Task? running;
    private long received;
    private long reconnects;
    private long handlerFaults;

    /// <summary>Makes a link that is down until started.</summary>
    /// <param name="options">How to reach the broker.</param>
    /// <param name="logger">Events 2100–2119.</param>
    /// <param name="time">Clock for deadlines and once-a-second reports; the system's unless given.</param>
    /// <param name="chance">A number from 0 up to 1 for the back-off's jitter; <see cref="Random.Shared"/> unless given.</param>
    public MqttLink(LinkOptions options, ILogger<MqttLink> logger, TimeProvider? time = null, Func<double>? chance = null)
    {
        this.options = options;
        this.logger = logger;
        this.time = time ?? TimeProvider.System;
        backOff = new(options.BackOffFirst, options.BackOffMost, chance ?? Random.Shared.NextDouble);
        var version = options.Mqtt5 ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311;
        outbox = new(version, options.ControlBacklog, LogControlRefused);
        decoder = new(version, new MqttBufferWriter(bufferSize: 16, maxBufferSize: 16));
        faultReports = new(this.time);
        subscriptions = new(CountHandlerFault);
    }

    /// <inheritdoc/>
    public event Action<LinkState>? StateChanged;

    /// <inheritdoc/>
    public LinkState State => state;

    /// <inheritdoc/>
    public LinkCounters Counters => new(
        Interlocked.Read(ref received),
        outbox.Published,
        outbox.SamplesDropped,
        Interlocked.Read(ref reconnects),
        Interlocked.Read(ref handlerFaults));

    /// <inheritdoc/>
    public void Subscribe(string filter, Delivery delivery, MessageHandler handler)
    {
        subscriptions.Add(filter, delivery, handler);
        lock (lifecycle) TellOfSubscriptions();
        FlushSoon();
    }

    /// <inheritdoc/>
    public void Unsubscribe(string filter)
    {
        if (!subscriptions.Remove(filter)) return;
        lock (lifecycle) TellOfSubscriptions();
        FlushSoon();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        LinkOptionsCheck.Check(options);
        lock (lifecycle)
        {
            ObjectDisposedException.ThrowIf(stopping.IsCancellationRequested, this);
            if (running is not null) throw new InvalidOperationException("The link is started already.");
            running = Task.Run(RunAsync, CancellationToken.None);
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Reconnect() => anew.TrySetResult();

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The topic is empty or has a wildcard in it.</exception>
    /// <exception cref="InvalidOperationException">A control message found the backlog full.</exception>
    /// <exception cref="ObjectDisposedException">A control message came after the link was disposed.</exception>
    public bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false)
    {
        if (delivery is Delivery.Control) ObjectDisposedException.ThrowIf(stopping.IsCancellationRequested, this);
        var outgoing = delivery is Delivery.Control
            ? outbox.Control(topic, payload, retain)
            : outbox.Sample(topic, payload, retain);
        if (outgoing is Outgoing.Given) FlushSoon();
        return outgoing is not Outgoing.Dropped;
    }

    /// <summary>
    /// Sends what control messages are left for at most a second, says DISCONNECT so that the last will is not sent, and waits for
    /// the link's end.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        stop.TrySetResult();
        Task? running;
        lock (lifecycle) running = this.running;
        if (running is not null) await running;
    }

    /// <summary>Writes what was put out; from inside a handler not yet, for the link does so when the handlers are done.</summary>
    private void FlushSoon()
    {
        if (Environment.CurrentManagedThreadId != handlingThread) connection?.Flush();
    }
}
