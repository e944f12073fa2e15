using System.Buffers;
using System.Collections;
using System.Collections.Concurrent;
using System.Text;
using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.Identities.Registry;
using Armada.Silo.Ingress;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Armada.Silo.Mqtt;

/// <summary>
/// The silo's own MQTT server, which devices connect to: what they publish goes to the silo's handlers, and what the silo publishes to the
/// one device whose topic it is. Clients are never told what others say.
/// </summary>
internal sealed partial class DeviceEndpoint : IMqttLink
{
    private const string InstanceProperty = "instance";

    // A client that gives no instance id is taken for dead when it was silent for this long; a board sends several poses a second.
    private static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(1);

    private readonly DeviceConnections connections;
    private readonly DeviceAdmission admission;
    private readonly TopicAccess access;
    private readonly TopicMap topics;
    private readonly MicroPythonTopics dialect;
    private readonly SiloClock clock;
    private readonly ILogger<DeviceEndpoint> logger;
    private readonly ConcurrentDictionary<string, TopicRoute> routes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MessageHandler> patterns = new(StringComparer.Ordinal);
    private readonly MqttServer server;
    private readonly LogPace faults = new();
    private readonly LogPace refusals = new();
    private long received;
    private long published;
    private long dropped;
    private long handlerFaults;

    public DeviceEndpoint(
        DeviceConnections connections,
        DeviceAdmission admission,
        IdentityCopy identities,
        TopicAccess access,
        TopicMap topics,
        MicroPythonTopics dialect,
        SiloClock clock,
        ILogger<DeviceEndpoint> logger)
    {
        (this.connections, this.admission, this.access, this.topics, this.dialect, this.logger) = (connections, admission, access, topics, dialect, logger);
        this.clock = clock;
        identities.Changed = () => connections.CutAsync(admission.FindProblem);
        var options = new MqttServerOptionsBuilder()
            .WithoutDefaultEndpoint()
            .WithDefaultCommunicationTimeout(TimeSpan.FromSeconds(5))
            .WithMaxPendingMessagesPerClient(1000)
            .Build();
        server = new MqttServerFactory().CreateMqttServer(options, [connections]);
        server.ValidatingConnectionAsync += AdmitAsync;
        server.ClientConnectedAsync += KeepSessionAsync;
        server.ClientDisconnectedAsync += UnsubscribeAsync;
        server.InterceptingSubscriptionAsync += SubscribeAsync;
        server.InterceptingUnsubscriptionAsync += UnsubscribeAsync;
        server.InterceptingPublishAsync += ReceiveAsync;
    }

    public event Action<LinkState>? StateChanged;

    public LinkState State { get; private set; }

    public LinkCounters Counters => new(
        Interlocked.Read(ref received), Interlocked.Read(ref published), Interlocked.Read(ref dropped), 0, Interlocked.Read(ref handlerFaults));

    public async Task StartAsync(CancellationToken cancellation)
    {
        await server.StartAsync();
        State = LinkState.Up;
        StateChanged?.Invoke(State);
    }

    public async ValueTask DisposeAsync()
    {
        State = LinkState.Down;
        if (server.IsStarted)
            await server.StopAsync(new MqttServerStopOptions());
        server.Dispose();
    }

    public void Subscribe(string filter, Delivery delivery, MessageHandler handler)
    {
        if (!TopicFilter.IsValid(filter))
            throw new ArgumentException($"'{filter}' is no topic filter", nameof(filter));
        if (TopicFilter.IsTopic(filter))
            RouteOf(filter).Handler = Guard(handler);
        else
            patterns[filter] = Guard(handler);
    }

    public void Unsubscribe(string filter)
    {
        patterns.TryRemove(filter, out _);
        if (routes.TryGetValue(filter, out var route))
            route.Handler = null;
    }

    public void Reconnect()
    {
    }

    public bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false)
    {
        if (!TopicFilter.IsTopic(topic))
            throw new ArgumentException($"'{topic}' is no topic", nameof(topic));
        if (routes.TryGetValue(topic, out var route))
            route.ShowSent(payload);
        var isTaken = route?.Subscriber is { } subscriber
            && (delivery == Delivery.Sample ? subscriber.Send(route, payload) : subscriber.TryEnqueue(Control(topic, payload)));
        Interlocked.Increment(ref isTaken ? ref published : ref dropped);
        return isTaken;
    }

    /// <summary>Shows all that a device says and is told until the result is disposed.</summary>
    public DeviceTap Tap(string device)
    {
        var client = new ClientIdentity(device, Role: null, IsProven: false);
        return new DeviceTap([.. access.PublishableBy(client).Union(access.SubscribableBy(client)).Select(RouteOf)], clock.Time);
    }

    private TopicRoute RouteOf(string topic) => routes.GetOrAdd(topic, static name => new TopicRoute(name));

    private static MqttApplicationMessage Control(string topic, ReadOnlySpan<byte> payload) => new()
    {
        Topic = topic,
        Payload = new ReadOnlySequence<byte>(payload.ToArray()),
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
    };

    private async Task AdmitAsync(ValidatingConnectionEventArgs connecting)
    {
        var connection = (DeviceConnection)connecting.ChannelAdapter;
        if (admission.Admit(connection.ClientCertificate, connecting.ClientId, connection.WillTopic, out var refused) is not { } client)
        {
            Refuse(connecting, MqttConnectReasonCode.NotAuthorized, refused!);
            return;
        }

        var instance = connecting.UserProperties?.Find(property => property.Name == InstanceProperty)?.ReadValueAsString();
        if (connections.Find(client.Name) is { } other && !IsReplaceable(other, instance))
        {
            Refuse(connecting, MqttConnectReasonCode.ClientIdentifierNotValid, $"another machine is connected as {client.Name}; every device needs a name of its own");
            return;
        }

        await connections.CutAsync(client.Name, "its client has connected again", except: connection);
        connection.Admit(client, instance, RouteOf(StateTopicOf(client)), connecting.ReceiveMaximum);
        connecting.SessionItems[nameof(DeviceConnection)] = connection;
        if (admission.Admit(connection.ClientCertificate, connecting.ClientId, connection.WillTopic, out refused) is null)
            Refuse(connecting, MqttConnectReasonCode.NotAuthorized, refused!); // Revoked before it could be cut.
    }

    private static bool IsReplaceable(DeviceConnection other, string? instance) =>
        other.IsLeaving || (instance is not null && instance == other.Instance) || other.SilentFor > DeadAfter;

    private string StateTopicOf(ClientIdentity client) => client.Role is null ? topics.Of(client.Name, Channel.State) : dialect.Of(client.Name);

    private void Refuse(ValidatingConnectionEventArgs connecting, MqttConnectReasonCode code, string reason)
    {
        (connecting.ReasonCode, connecting.ReasonString) = (code, reason);
        if (refusals.IsDue(clock.Now(), out var hidden))
            LogRefused(connecting.ClientId, connecting.RemoteEndPoint, reason, hidden);
    }

    private void Forbid(string client, string action, string topic)
    {
        if (refusals.IsDue(clock.Now(), out var hidden))
            LogForbidden(client, action, topic, hidden);
    }

    private static DeviceConnection ConnectionOf(IDictionary sessionItems) => (DeviceConnection)sessionItems[nameof(DeviceConnection)]!;

    private async Task KeepSessionAsync(ClientConnectedEventArgs connected) =>
        ConnectionOf(connected.SessionItems).Session = await server.GetSessionAsync(connected.ClientId);

    private Task SubscribeAsync(InterceptingSubscriptionEventArgs asked)
    {
        var (connection, topic) = (ConnectionOf(asked.SessionItems), asked.TopicFilter.Topic);
        if (access.MaySubscribe(connection.Identity!, topic))
        {
            RouteOf(topic).Subscriber = connection;
            return Task.CompletedTask;
        }

        asked.ProcessSubscription = false;
        asked.Response.ReasonCode = MqttSubscribeReasonCode.NotAuthorized;
        Forbid(asked.ClientId, "subscribe to", topic);
        return Task.CompletedTask;
    }

    private Task UnsubscribeAsync(InterceptingUnsubscriptionEventArgs asked)
    {
        if (routes.TryGetValue(asked.Topic, out var route))
            route.Leave(ConnectionOf(asked.SessionItems));
        return Task.CompletedTask;
    }

    private Task UnsubscribeAsync(ClientDisconnectedEventArgs gone)
    {
        var connection = ConnectionOf(gone.SessionItems);
        foreach (var topic in access.SubscribableBy(connection.Identity!))
        {
            if (routes.TryGetValue(topic, out var route))
                route.Leave(connection);
        }

        return Task.CompletedTask;
    }

    private Task ReceiveAsync(InterceptingPublishEventArgs publish)
    {
        publish.ProcessPublish = false; // No client hears another.
        var (connection, topic) = (ConnectionOf(publish.SessionItems), publish.ApplicationMessage.Topic);
        if (!access.MayPublish(connection.Identity!, topic))
        {
            publish.Response.ReasonCode = MqttPubAckReasonCode.NotAuthorized;
            publish.CloseConnection = !connection.HasReasonCodes; // In MQTT 3.1.1 nothing else tells the client.
            Forbid(publish.ClientId, "publish to", topic);
            return Task.CompletedTask;
        }

        Interlocked.Increment(ref received);
        var (route, payload) = (RouteOf(topic), publish.ApplicationMessage.Payload.ToArray());
        route.Receive(payload);
        foreach (var (filter, handler) in patterns)
        {
            if (TopicFilter.Matches(filter, topic))
                handler(route.Utf8, payload);
        }

        return Task.CompletedTask;
    }

    // A handler's fault must not end the connection that it was called on.
    private MessageHandler Guard(MessageHandler handler) => (topic, payload) =>
    {
        try
        {
            handler(topic, payload);
        }
        catch (Exception fault)
        {
            Interlocked.Increment(ref handlerFaults);
            if (faults.IsDue(clock.Now(), out var hidden))
                LogFault(fault, Encoding.UTF8.GetString(topic), hidden);
        }
    };

    [LoggerMessage(1720, LogLevel.Warning, "{Client} at {Address} is refused: {Reason} ({Hidden} such lines left out)")]
    private partial void LogRefused(string client, System.Net.EndPoint? address, string reason, long hidden);

    [LoggerMessage(1721, LogLevel.Warning, "{Client} may not {Action} {Topic} ({Hidden} such lines left out)")]
    private partial void LogForbidden(string client, string action, string topic, long hidden);

    [LoggerMessage(1722, LogLevel.Error, "A message on {Topic} could not be handled ({Hidden} such lines left out)")]
    private partial void LogFault(Exception fault, string topic, long hidden);
}
