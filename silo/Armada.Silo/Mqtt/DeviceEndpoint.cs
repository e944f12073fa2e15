using System.Buffers;
using System.Collections;
using System.Collections.Concurrent;
using Armada.Core.MicroPython;
using Armada.Core.Time;
using Armada.Core.Topics;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.Identities.Registry;
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

    private static readonly TimeSpan AuditInterval = TimeSpan.FromMinutes(1); // A refused machine tries again every second or two.

    private readonly DeviceConnections connections;
    private readonly DeviceAdmission admission;
    private readonly TopicAccess access;
    private readonly TopicTable table;
    private readonly DeviceRouter? router;
    private readonly TopicMap topics;
    private readonly MicroPythonTopics dialect;
    private readonly SiloClock clock;
    private readonly IAuditTrail audit;
    private readonly ILogger<DeviceEndpoint> logger;
    private readonly MqttServer server;
    private readonly LogPace refusals = new();
    private readonly ConcurrentDictionary<string, long> audited = new(StringComparer.Ordinal); // When a device's second machine was.
    private long received;
    private long published;
    private long dropped;

    public DeviceEndpoint(
        DeviceConnections connections,
        DeviceAdmission admission,
        IdentityCopy identities,
        TopicAccess access,
        TopicTable table,
        TopicMap topics,
        MicroPythonTopics dialect,
        SiloClock clock,
        IAuditTrail audit,
        ILogger<DeviceEndpoint> logger,
        DeviceRouter? router = null)
    {
        (this.connections, this.admission, this.access, this.topics, this.dialect, this.logger) = (connections, admission, access, topics, dialect, logger);
        (this.table, this.clock, this.audit, this.router) = (table, clock, audit, router);
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
        Interlocked.Read(ref received), Interlocked.Read(ref published), Interlocked.Read(ref dropped), 0, table.HandlerFaults);

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

    /// <summary>Shows all that a device says and is told, wherever it is connected, until canceled.</summary>
    public async Task TapAsync(string device, Stream output, CancellationToken cancellation)
    {
        using var tap = new DeviceTap([.. access.TopicsOf(device).Select(table.Of)], clock.Time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var elsewhere = router?.TapElsewhereAsync(device, ending.Token) ?? Task.CompletedTask;
        try
        {
            await tap.WriteToAsync(output, cancellation);
        }
        finally
        {
            await ending.CancelAsync();
            await elsewhere;
        }
    }

    private async Task AdmitAsync(ValidatingConnectionEventArgs connecting)
    {
        var connection = (DeviceConnection)connecting.ChannelAdapter;
        if (admission.Admit(connection.ClientCertificate, connecting.ClientId, connection.WillTopic, out var refused) is not { } client)
        {
            Refuse(connecting, MqttConnectReasonCode.NotAuthorized, refused!);
            return;
        }

        var instance = connecting.UserProperties?.Find(property => property.Name == InstanceProperty)?.ReadValueAsString();
        if (client.IsSecondPath && instance is null)
        {
            Refuse(connecting, MqttConnectReasonCode.NotAuthorized, "a second path gives the instance id of the first");
            return;
        }

        if (connections.Of(client.Name).Any(other => other != connection && !other.IsReplaceableBy(instance)))
        {
            RefuseSecond(connecting, client.Name);
            return;
        }

        // The same machine's other path stays.
        await connections.CutAsync(other => other != connection && (other.ClientId == connecting.ClientId || (other.Identity?.Name == client.Name && other.Instance != instance))
            ? "its client has connected again"
            : null);
        switch (router is null ? true : await router.ConnectAsync(client, connection, instance))
        {
            case null:
                Refuse(connecting, MqttConnectReasonCode.ServerUnavailable, "the cluster cannot be asked whether its name is in use; it may try again");
                return;
            case false:
                RefuseSecond(connecting, client.Name);
                return;
        }

        connection.Admit(client, instance, table.Of(StateTopicOf(client), client.IsSecondPath), connecting.ReceiveMaximum);
        connecting.SessionItems[nameof(DeviceConnection)] = connection;
        if (admission.Admit(connection.ClientCertificate, connecting.ClientId, connection.WillTopic, out refused) is null)
            Refuse(connecting, MqttConnectReasonCode.NotAuthorized, refused!); // Revoked before it could be cut.
    }

    private string StateTopicOf(ClientIdentity client) => client.Role is null ? topics.Of(client.Name, Channel.State) : dialect.Of(client.Name);

    private void RefuseSecond(ValidatingConnectionEventArgs connecting, string name)
    {
        Refuse(connecting, MqttConnectReasonCode.ClientIdentifierNotValid, $"another machine is connected as {name}; every device needs a name of its own");
        if (audited.GetValueOrDefault(name) is var before && before != 0 && clock.Time.GetElapsedTime(before) < AuditInterval)
            return;
        audited[name] = clock.Time.GetTimestamp();
        audit.Record(Caller.Silo, "device-refused", name, $"{connecting.ReasonString}; it came from {connecting.RemoteEndPoint}");
    }

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
            table.Of(topic, connection.Identity!.IsSecondPath).Subscriber = connection;
            return Task.CompletedTask;
        }

        asked.ProcessSubscription = false;
        asked.Response.ReasonCode = MqttSubscribeReasonCode.NotAuthorized;
        Forbid(asked.ClientId, "subscribe to", topic);
        return Task.CompletedTask;
    }

    private Task UnsubscribeAsync(InterceptingUnsubscriptionEventArgs asked)
    {
        var connection = ConnectionOf(asked.SessionItems);
        if (access.MaySubscribe(connection.Identity!, asked.Topic))
            table.Of(asked.Topic, connection.Identity!.IsSecondPath).Leave(connection);
        return Task.CompletedTask;
    }

    private Task UnsubscribeAsync(ClientDisconnectedEventArgs gone)
    {
        var connection = ConnectionOf(gone.SessionItems);
        foreach (var topic in access.SubscribableBy(connection.Identity!))
            table.Of(topic, connection.Identity!.IsSecondPath).Leave(connection);

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
        var (route, payload) = (table.Of(topic, connection.Identity!.IsSecondPath), publish.ApplicationMessage.Payload.ToArray());
        route.Receive(payload);
        table.Deliver(route, payload);
        router?.OnPublished(connection, topic, payload);
        return Task.CompletedTask;
    }

    [LoggerMessage(1720, LogLevel.Warning, "{Client} at {Address} is refused: {Reason} ({Hidden} such lines left out)")]
    private partial void LogRefused(string client, System.Net.EndPoint? address, string reason, long hidden);

    [LoggerMessage(1721, LogLevel.Warning, "{Client} may not {Action} {Topic} ({Hidden} such lines left out)")]
    private partial void LogForbidden(string client, string action, string topic, long hidden);
}
