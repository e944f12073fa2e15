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
    private readonly LinkOptions _options;
    private readonly ILogger<LibMosquittoLink> _logger;
    private readonly TimeProvider _time;
    private readonly BackOff _backOff;
    private readonly Outbox _outbox;
    private readonly BrokerName _brokerName;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lifecycle = new();
    private volatile Subscription[] _subscriptions = [];
    private volatile LinkState _state;
    private WakeEvent? _wake;
    private Thread? _thread;
    private long _received;
    private long _reconnects;
    private long _handlerFaults;

    /// <summary>Makes a link that is down until started.</summary>
    /// <param name="options">How to reach the broker.</param>
    /// <param name="logger">Events 2000–2099.</param>
    /// <param name="time">Clock for deadlines and once-a-second reports; the system's unless given.</param>
    /// <param name="chance">A number from 0 up to 1 for the back-off's jitter; <see cref="Random.Shared"/> unless given.</param>
    public LibMosquittoLink(
        LinkOptions options, ILogger<LibMosquittoLink> logger, TimeProvider? time = null, Func<double>? chance = null)
    {
        _options = options;
        _logger = logger;
        _time = time ?? TimeProvider.System;
        _backOff = new(options.BackOffFirst, options.BackOffMost, chance ?? Random.Shared.NextDouble);
        _outbox = new(options.ControlBacklog, (topic, error) => LogControlRefused(topic, Mosquitto.ErrorText(error)));
        _brokerName = new(options.Host, _time);
        _faultReports = new(_time);
    }

    /// <inheritdoc/>
    public event Action<LinkState>? StateChanged;

    /// <inheritdoc/>
    public LinkState State => _state;

    /// <inheritdoc/>
    public LinkCounters Counters => new(
        Interlocked.Read(ref _received),
        _outbox.Published,
        _outbox.SamplesDropped,
        Interlocked.Read(ref _reconnects),
        Interlocked.Read(ref _handlerFaults));

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The filter breaks MQTT's rules.</exception>
    public void Subscribe(string filter, Delivery delivery, MessageHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!TopicFilter.IsValid(filter)) throw new ArgumentException($"'{filter}' is no topic filter.", nameof(filter));
        lock (_lifecycle)
        {
            _subscriptions = [.. _subscriptions, new(filter, delivery, handler)];
            _wake?.Raise();
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        LinkOptionsCheck.Check(_options);
        lock (_lifecycle)
        {
            ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
            if (_thread is not null) throw new InvalidOperationException("The link is started already.");
            var client = new MosquittoClient(_options, this);
            try
            {
                _wake = new();
            }
            catch
            {
                client.Dispose();
                throw;
            }
            _thread = new(() => Run(client)) { IsBackground = true, Name = $"mqtt {_options.ClientId}" };
            _thread.Start();
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The topic is empty or has a wildcard in it.</exception>
    /// <exception cref="InvalidOperationException">A control message found the backlog full.</exception>
    /// <exception cref="ObjectDisposedException">A control message came after the link was disposed.</exception>
    public bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false)
    {
        if (delivery is Delivery.Control) ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
        var outgoing = delivery is Delivery.Control
            ? _outbox.Control(topic, payload, retain)
            : _outbox.Sample(topic, payload, retain);
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
        lock (_lifecycle)
        {
            isFirst = !_stopping.IsCancellationRequested;
            isRunning = _thread is not null;
            if (isFirst) _stopping.Cancel();
            if (isFirst) _wake?.Raise();
        }
        if (!isRunning) return;
        await _ended.Task;
        if (isFirst) _wake!.Dispose();
    }
}
