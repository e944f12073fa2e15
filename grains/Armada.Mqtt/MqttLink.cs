using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Armada.Core.Devices;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Armada.Mqtt;

/// <summary>The link on MQTTnet's client: one client per connection, MQTT 5, clean sessions.</summary>
/// <remarks>
/// One loop connects, serves and waits; per connection one task sends, one subscribes and one pings. Publishers only queue.
/// MQTTnet calls the handlers one after the other.
/// </remarks>
public sealed partial class MqttLink : IMqttLink
{
    private const string NoAnswer = "no answer in time";
    private const uint MaxReceivedPacket = 16 * 1024 * 1024;
    private const int RefusedFrom = 128;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GoodbyeLimit = TimeSpan.FromSeconds(1);
    private static readonly MqttClientFactory Clients = new();

    private readonly LinkOptions options;
    private readonly ILogger<MqttLink> logger;
    private readonly TimeProvider time;
    private readonly BackOff backOff;
    private readonly Outbox outbox;
    private readonly Subscriptions subscriptions;
    private readonly OncePerSecond faultReports;
    private readonly Lock lifecycle = new();
    private TaskCompletionSource interrupt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isStopping;
    private volatile LinkState state;
    private Task? running;
    private long received;
    private long connections;
    private long handlerFaults;
    private int host;

    /// <summary>Creates a link that is down until started.</summary>
    /// <param name="options">How to reach the broker.</param>
    /// <param name="logger">Events 2100–2119.</param>
    /// <param name="time">Clock for limits, pings and once-a-second reports; the system's unless given.</param>
    public MqttLink(LinkOptions options, ILogger<MqttLink> logger, TimeProvider? time = null)
    {
        this.options = options;
        this.logger = logger;
        this.time = time ?? TimeProvider.System;
        backOff = new(options.InitialBackOff, options.MaxBackOff, Random.Shared.NextDouble);
        outbox = new(options.ControlBacklog);
        subscriptions = new(CountHandlerFault);
        faultReports = new(this.time);
    }

    public event Action<LinkState>? StateChanged;

    public LinkState State => state;

    public LinkCounters Counters => new(
        Interlocked.Read(ref received),
        outbox.Published,
        outbox.SamplesDropped,
        Math.Max(0, Interlocked.Read(ref connections) - 1),
        Interlocked.Read(ref handlerFaults));

    public void Subscribe(string filter, Delivery delivery, MessageHandler handler) => subscriptions.Add(filter, delivery, handler);

    public void Unsubscribe(string filter) => subscriptions.Remove(filter);

    public Task StartAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        options.Validate();
        lock (lifecycle)
        {
            ObjectDisposedException.ThrowIf(isStopping, this);
            if (running is not null) throw new InvalidOperationException("The link is started already.");
            running = Task.Run(RunAsync, CancellationToken.None);
        }
        return Task.CompletedTask;
    }

    public void Reconnect()
    {
        lock (lifecycle) interrupt.TrySetResult();
    }

    public bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false)
    {
        if (!TopicFilter.IsTopic(topic)) throw new ArgumentException($"'{topic}' is not a topic to publish to.", nameof(topic));
        if (delivery is Delivery.Sample) return outbox.EnqueueSample(topic, payload, retain);
        ObjectDisposedException.ThrowIf(isStopping, this);
        outbox.EnqueueControl(topic, payload, retain);
        return true;
    }

    /// <summary>Sends the control messages that are left, for at most a second, then DISCONNECT, so that the last will is not sent.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? running;
        lock (lifecycle)
        {
            isStopping = true;
            interrupt.TrySetResult();
            running = this.running;
        }
        if (running is not null) await running;
    }

    private async Task RunAsync()
    {
        while (NextInterrupt() is { } interrupted)
        {
            var began = time.GetTimestamp();
            var end = await RunConnectionAsync(interrupted);
            if (interrupted.IsCompleted)
            {
                if (!isStopping) LogReconnecting(options.ClientId);
                backOff.Reset();
                continue;
            }
            if (end.WasUp && time.GetElapsedTime(began) > options.MaxBackOff) backOff.Reset();
            var wait = end.IsRefusal ? backOff.Max() : backOff.Next();
            Report(end, (int)wait.TotalMilliseconds);
            host++;
            await interrupted.WaitAsync(wait, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (outbox.ControlLeft is > 0 and var left) LogControlLeft(options.ClientId, left);
        LogStopped(options.ClientId);
    }

    /// <summary>What ends the next connection: <see cref="Reconnect"/> or the stop. Null once stopped.</summary>
    private Task? NextInterrupt()
    {
        lock (lifecycle)
        {
            if (isStopping) return null;
            if (interrupt.Task.IsCompleted) interrupt = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return interrupt.Task;
        }
    }

    private async Task<ConnectionEnd> RunConnectionAsync(Task interrupted)
    {
        var broker = new BrokerConnection(options, options.Address(host), time);
        using var client = Clients.CreateMqttClient();
        var disconnected = new TaskCompletionSource<MqttClientDisconnectedEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.ApplicationMessageReceivedAsync += DeliverAsync;
        client.DisconnectedAsync += end =>
        {
            disconnected.TrySetResult(end);
            return Task.CompletedTask;
        };
        using var limit = new CancellationTokenSource(ConnectLimit, time);
        try
        {
            var connecting = client.ConnectAsync(ClientOptions(broker), limit.Token);
            await Task.WhenAny(connecting, interrupted);
            if (!connecting.IsCompleted) await limit.CancelAsync();
            var accepted = await connecting;
            return accepted.ResultCode is MqttClientConnectResultCode.Success
                ? await ServeAsync(client, broker, accepted, disconnected.Task, interrupted)
                : new(Text(accepted.ResultCode, accepted.ReasonString), IsRefusal: true);
        }
        catch (Exception fault) when (fault is OperationCanceledException or MqttCommunicationException or MqttProtocolViolationException)
        {
            if (limit.IsCancellationRequested) return new(NoAnswer);

            // In TLS 1.3 the broker looks at our certificate when for us the handshake is over: its refusal is the end that comes then.
            var isRefusal = fault.InnerException is AuthenticationException || (options.Tls is not null && broker.IsEstablished);
            return new(isRefusal && broker.ClockProblem is { } clock ? clock : Innermost(fault), IsRefusal: isRefusal);
        }
#pragma warning disable CA1031 // Supervises the connection: whatever ended it, the link says so and tries again.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogConnectionFault(fault, options.ClientId);
            return new(Innermost(fault));
        }
        finally
        {
            broker.Socket?.End();
        }
    }

    private async Task<ConnectionEnd> ServeAsync(
        IMqttClient client, BrokerConnection broker, MqttClientConnectResult accepted,
        Task<MqttClientDisconnectedEventArgs> disconnected, Task interrupted)
    {
        using var over = new CancellationTokenSource();
        Task[] work = [SubscribeAsync(client, broker, accepted, over.Token), SendAsync(client, over.Token), PingAsync(client, accepted, over.Token)];
        var first = await Task.WhenAny([disconnected, interrupted, .. work]);
        if (first == interrupted) await SayGoodbyeAsync(client, broker, disconnected);
        await over.CancelAsync();
        await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var wasUp = state is LinkState.Up;
        subscriptions.Disconnect();
        outbox.Close();
        if (wasUp) Change(LinkState.Down);
        broker.Socket?.End();

        // It is told when the last handler has returned, so that no two connections' handlers run at once.
        var end = await disconnected;
        if (end.Reason is not MqttClientDisconnectReason.NormalDisconnection) return new(Text(end.Reason, end.ReasonString), wasUp);
        var fault = first.Exception?.InnerException ?? end.Exception;
        return new(fault is null ? "the broker closed the connection" : Innermost(fault), wasUp);
    }

    /// <summary>Sends each change of the subscriptions, one filter a packet: some brokers take only few. With the first answers the link is up.</summary>
    private async Task SubscribeAsync(IMqttClient client, BrokerConnection broker, MqttClientConnectResult accepted, CancellationToken over)
    {
        var requests = subscriptions.Connect();
        do
        {
            await WithinAsync(
                ConnectLimit,
                limit =>
                {
                    var sent = new List<Task>();
                    while (requests.TryRead(out var request)) sent.Add(SendAsync(client, request, limit));
                    return Task.WhenAll(sent);
                },
                over);
            if (state is LinkState.Down) GoUp(broker, accepted);
        }
        while (await requests.WaitToReadAsync(over));
    }

    private async Task SendAsync(IMqttClient client, SubscriptionRequest request, CancellationToken limit)
    {
        if (request.Delivery is { } delivery)
        {
            var answer = await client.SubscribeAsync(
                new() { TopicFilters = [new() { Topic = request.Filter, QualityOfServiceLevel = QoS(delivery) }] }, limit);
            if (answer.Items.Single() is { ResultCode: >= (MqttClientSubscribeResultCode)RefusedFrom and var refusal })
                LogSubscriptionRefused(request.Filter, Text(refusal, answer.ReasonString));
        }
        else
        {
            var answer = await client.UnsubscribeAsync(new() { TopicFilters = [request.Filter] }, limit);
            if (answer.Items.Single() is { ResultCode: >= (MqttClientUnsubscribeResultCode)RefusedFrom and var refusal })
                LogUnsubscribeRefused(request.Filter, Text(refusal, answer.ReasonString));
        }
    }

    private async Task SendAsync(IMqttClient client, CancellationToken over)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(over);
        var unacknowledged = new List<Task>();
        var publish = new MqttApplicationMessage();
        OutgoingMessage? sample = null;
        try
        {
            while (true)
            {
                while (outbox.TryTakeControl(out var message))
                {
                    var sent = SendAsync(client, message, ending.Token);
                    sent.GetAwaiter().OnCompleted(outbox.Wake);
                    unacknowledged.Add(sent);
                }
                if (outbox.TryTakeSample(ref sample))
                {
                    (publish.Topic, publish.Payload, publish.Retain) = (sample.Topic, new(sample.Payload), sample.Retain);
                    await client.PublishAsync(publish, over);
                }
                else
                {
                    await outbox.WaitAsync(over);
                }
                foreach (var sent in unacknowledged.FindAll(sent => sent.IsCompleted))
                {
                    await sent;
                    unacknowledged.Remove(sent);
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(unacknowledged).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendAsync(IMqttClient client, LinkedListNode<OutgoingMessage> message, CancellationToken over)
    {
        var control = message.Value;
        if (outbox.Fits(control.Topic, control.Payload.Length))
        {
            var publish = new MqttApplicationMessage
            {
                Topic = control.Topic,
                Payload = new(control.Payload),
                Retain = control.Retain,
                QualityOfServiceLevel = QoS(Delivery.Control),
                UserProperties = control.Trace,
            };
            var answer = await client.PublishAsync(publish, over);
            if ((int)answer.ReasonCode >= RefusedFrom) LogControlRefused(control.Topic, Text(answer.ReasonCode, answer.ReasonString));
        }
        else
        {
            LogControlRefused(control.Topic, $"{control.Payload.Length} bytes are more than the broker takes");
        }
        outbox.Acknowledge(message);
    }

    /// <summary>
    /// Finds a silent broker within the keep-alive time. MQTTnet pings only while nothing is sent, and so would never miss an answer
    /// on a busy link.
    /// </summary>
    private async Task PingAsync(IMqttClient client, MqttClientConnectResult accepted, CancellationToken over)
    {
        var half = options.KeepAlive / 2;
        if (accepted.ServerKeepAlive > 0) half = TimeSpan.FromSeconds(Math.Min(half.TotalSeconds, accepted.ServerKeepAlive / 2.0));
        using var timer = new PeriodicTimer(half, time);
        while (await timer.WaitForNextTickAsync(over)) await WithinAsync(half, client.PingAsync, over);
    }

    private async Task WithinAsync(TimeSpan limit, Func<CancellationToken, Task> request, CancellationToken over)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, over);
        try
        {
            await request(either.Token);
        }
        catch (Exception fault) when (late.IsCancellationRequested && fault is OperationCanceledException or MqttCommunicationException)
        {
            throw new TimeoutException(NoAnswer, fault);
        }
    }

    private async Task SayGoodbyeAsync(IMqttClient client, BrokerConnection broker, Task disconnected)
    {
        Task settled = Task.WhenAny(outbox.Settled(), disconnected);
        if (state is LinkState.Up) await settled.WaitAsync(GoodbyeLimit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        outbox.Close();
        broker.Socket?.KeepReading();
        using var limit = new CancellationTokenSource(GoodbyeLimit, time);
        try
        {
            await client.DisconnectAsync(new(), limit.Token);
            if (broker.Socket is { } socket) await socket.DrainAsync(limit.Token);
        }
        catch (Exception fault) when (fault is MqttCommunicationException or OperationCanceledException or SocketException)
        {
            LogUncleanEnd(options.ClientId, Innermost(fault));
        }
    }

    private Task DeliverAsync(MqttApplicationMessageReceivedEventArgs args)
    {
        Interlocked.Increment(ref received);
        var message = args.ApplicationMessage;
        using var activity = MessageTrace.Start(message.Topic, message.UserProperties);
        subscriptions.Deliver(message.Topic, message.Payload.IsSingleSegment ? message.Payload.FirstSpan : message.Payload.ToArray());
        return Task.CompletedTask;
    }

    private void GoUp(BrokerConnection broker, MqttClientConnectResult accepted)
    {
        Interlocked.Increment(ref connections);
        outbox.Open(
            accepted.ReceiveMaximum is > 0 and { } window ? window : ushort.MaxValue,
            accepted.MaximumPacketSize is > 0 and < int.MaxValue and { } size ? (int)size : int.MaxValue,
            () => broker.Socket is { IsFull: true });
        LogUp(options.ClientId, broker.Address);
        Change(LinkState.Up);
    }

    private void Change(LinkState state)
    {
        this.state = state;
        try
        {
            StateChanged?.Invoke(state);
        }
#pragma warning disable CA1031 // As for message handlers: what a listener throws does not end the link.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            CountHandlerFault(fault, nameof(StateChanged));
        }
    }

    private void CountHandlerFault(Exception fault, string source)
    {
        Interlocked.Increment(ref handlerFaults);
        if (faultReports.Count(out var since)) LogHandlerFault(fault, source, since);
    }

    private void Report(ConnectionEnd end, int milliseconds)
    {
        if (end.IsRefusal) LogRefused(options.ClientId, end.Reason, milliseconds);
        else if (end.WasUp) LogDown(options.ClientId, end.Reason, milliseconds);
        else LogUnreachable(options.ClientId, options.Address(host), end.Reason, milliseconds);
    }

    private MqttClientOptions ClientOptions(BrokerConnection broker) => new()
    {
        ClientId = options.ClientId,
        ChannelOptions = new MqttClientTcpOptions { RemoteEndpoint = new DnsEndPoint(broker.Address.Host, broker.Address.Port), StreamProvider = broker },
        KeepAlivePeriod = options.KeepAlive,
        MaximumPacketSize = MaxReceivedPacket,
        AllowPacketFragmentation = false, // One write, and with TLS one record, for each packet.
        WillTopic = options.Will?.Topic,
        WillPayload = options.Will?.Payload.ToArray(),
        WillQualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        WillRetain = options.Will is { Retain: true },
        UserProperties = options.Instance is { } instance ? [new MqttUserProperty("instance", Encoding.UTF8.GetBytes(instance))] : null,
    };

    private static MqttQualityOfServiceLevel QoS(Delivery delivery) =>
        delivery is Delivery.Sample ? MqttQualityOfServiceLevel.AtMostOnce : MqttQualityOfServiceLevel.AtLeastOnce;

    private static string Text<TCode>(TCode code, string? reason) where TCode : struct, Enum =>
        string.IsNullOrEmpty(reason) ? $"{code}" : $"{code} ({reason})";

    // What went wrong on the wire is told by the innermost exception; those around it tell that something did.
    private static string Innermost(Exception fault) => fault is TimeoutException ? fault.Message : fault.GetBaseException().Message;

    private readonly record struct ConnectionEnd(string Reason, bool WasUp = false, bool IsRefusal = false);

    [LoggerMessage(2100, LogLevel.Information, "Link {ClientId} is up at {Address}")]
    private partial void LogUp(string clientId, HostPort address);

    [LoggerMessage(2101, LogLevel.Warning, "Link {ClientId} is down: {Reason}; next attempt in {Milliseconds} ms")]
    private partial void LogDown(string clientId, string reason, int milliseconds);

    [LoggerMessage(2102, LogLevel.Information, "Link {ClientId} cannot reach {Address}: {Reason}; next attempt in {Milliseconds} ms")]
    private partial void LogUnreachable(string clientId, HostPort address, string reason, int milliseconds);

    [LoggerMessage(2103, LogLevel.Warning, "The broker refuses {ClientId}: {Reason}; next attempt in {Milliseconds} ms")]
    private partial void LogRefused(string clientId, string reason, int milliseconds);

    [LoggerMessage(2104, LogLevel.Error, "The broker refuses the subscription to {Filter}: {Reason}")]
    private partial void LogSubscriptionRefused(string filter, string reason);

    [LoggerMessage(2105, LogLevel.Error, "The control message to {Topic} is refused: {Reason}")]
    private partial void LogControlRefused(string topic, string reason);

    [LoggerMessage(2106, LogLevel.Error, "A handler of {Source} failed; {Count} failures since the last report")]
    private partial void LogHandlerFault(Exception fault, string source, long count);

    [LoggerMessage(2107, LogLevel.Warning, "Link {ClientId} stopped with {Count} control messages unacknowledged")]
    private partial void LogControlLeft(string clientId, int count);

    [LoggerMessage(2108, LogLevel.Debug, "Link {ClientId} stopped")]
    private partial void LogStopped(string clientId);

    [LoggerMessage(2109, LogLevel.Error, "The connection of link {ClientId} ended with an unexpected fault")]
    private partial void LogConnectionFault(Exception fault, string clientId);

    [LoggerMessage(2110, LogLevel.Warning, "The broker refuses to end the subscription to {Filter}: {Reason}")]
    private partial void LogUnsubscribeRefused(string filter, string reason);

    [LoggerMessage(2111, LogLevel.Information, "Link {ClientId} reconnects on request")]
    private partial void LogReconnecting(string clientId);

    [LoggerMessage(2112, LogLevel.Debug, "Link {ClientId} ended its connection without an orderly close: {Reason}")]
    private partial void LogUncleanEnd(string clientId, string reason);
}
