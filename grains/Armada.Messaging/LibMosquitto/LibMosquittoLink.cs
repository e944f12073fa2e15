using Armada.Messaging.LibMosquitto.Native;
using Armada.Messaging.Link;
using Microsoft.Extensions.Logging;

namespace Armada.Messaging.LibMosquitto;

/// <summary>The MQTT link on Debian's <c>libmosquitto.so.1</c> (2.0), for Linux.</summary>
/// <remarks>
/// One thread per link reads the socket, calls the handlers and keeps the connection. It waits in poll and not in the library's
/// own loop, whose select() ends at descriptor 1024. A publisher on another thread writes to the socket itself where nobody else
/// is at it, and leaves the writing to whoever is; it never waits for a handler.
/// </remarks>
public sealed partial class LibMosquittoLink : IMqttLink
{
    private readonly LinkOptions options;
    private readonly ILogger<LibMosquittoLink> logger;
    private readonly TimeProvider time;
    private readonly BackOff backOff;
    private readonly Outbox outbox;
    private readonly BrokerName brokerName;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock lifecycle = new();
    private readonly Subscriptions subscriptions;
    private volatile LinkState state;
    private WakeEvent? wake;
    private Thread? thread;
    private long received;
    private long reconnects;
    private long handlerFaults;

    /// <summary>Makes a link that is down until started.</summary>
    /// <param name="options">How to reach the broker.</param>
    /// <param name="logger">Events 2000–2099.</param>
    /// <param name="time">Clock for deadlines and once-a-second reports; the system's unless given.</param>
    /// <param name="chance">A number from 0 up to 1 for the back-off's jitter; <see cref="Random.Shared"/> unless given.</param>
    public LibMosquittoLink(
        LinkOptions options, ILogger<LibMosquittoLink> logger, TimeProvider? time = null, Func<double>? chance = null)
    {
        this.options = options;
        this.logger = logger;
        this.time = time ?? TimeProvider.System;
        backOff = new(options.BackOffFirst, options.BackOffMost, chance ?? Random.Shared.NextDouble);
        outbox = new(options.ControlBacklog, (topic, error) => LogControlRefused(topic, Mosquitto.ErrorText(error)));
        brokerName = new(options.Host, this.time);
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
        lock (lifecycle) wake?.Raise();
    }

    /// <inheritdoc/>
    public void Unsubscribe(string filter)
    {
        if (!subscriptions.Remove(filter)) return;
        lock (lifecycle) wake?.Raise();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        LinkOptionsCheck.Check(options);
        lock (lifecycle)
        {
            ObjectDisposedException.ThrowIf(stopping.IsCancellationRequested, this);
            if (thread is not null) throw new InvalidOperationException("The link is started already.");
            var client = new MosquittoClient(options, this);
            try
            {
                wake = new();
            }
            catch
            {
                client.Dispose();
                throw;
            }
            thread = new(() => Run(client)) { IsBackground = true, Name = $"mqtt {options.ClientId}" };
            thread.Start();
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Reconnect()
    {
        isAnewAsked = true;
        lock (lifecycle) wake?.Raise();
    }

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
        if (outgoing is Outgoing.Given) WriteSoon();
        return outgoing is not Outgoing.Dropped;
    }

    /// <summary>
    /// Sends what control messages are left for at most a second, says DISCONNECT so that the last will is not sent, and waits for
    /// the link's thread.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        bool isFirst, isRunning;
        lock (lifecycle)
        {
            isFirst = !stopping.IsCancellationRequested;
            isRunning = thread is not null;
            if (isFirst) stopping.Cancel();
            if (isFirst) wake?.Raise();
        }
        if (!isRunning) return;
        await ended.Task;
        if (isFirst) wake!.Dispose();
    }
}
