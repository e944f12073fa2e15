using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Core.Topics;
using Armada.EdgeAgent.Identities;
using Armada.Mqtt;

namespace Armada.EdgeAgent.Devices;

/// <summary>One device's own MQTT connection: its name is the client id, its last will says that it is offline.</summary>
internal sealed partial class DeviceLink : IAsyncDisposable
{
    private static readonly TimeSpan PresencePeriod = TimeSpan.FromSeconds(2);

    // Of this process: a copied memory card does not copy it.
    private static readonly string Instance = Guid.NewGuid().ToString("n");

    // Of several silos a hanging one is found sooner, for the others can serve.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KeepAliveOfSeveral = TimeSpan.FromSeconds(4);

    // All devices of an agent begin at one silo, and agents at different ones.
    private static readonly int FirstHost = Random.Shared.Next();

    private readonly Device device;
    private readonly ControlHandler handler;
    private readonly IMqttLink link;
    private readonly TimeProvider time;
    private readonly ILogger<DeviceLink> logger;
    private readonly string replyTopic;
    private readonly string presenceTopic;
    private readonly double[] positions = new double[FrameCodec.MaxJoints];

    // Without a maximum: two threads that signal at once cost one presence more, where a full semaphore would end the bus's loop.
    private readonly SemaphoreSlim presenceDue = new(1);
    private readonly OncePerSecond malformedReports;
    private long malformed;

    public DeviceLink(Device device, ControlHandler handler, IMqttLink link, TopicMap topics, TimeProvider time, ILogger<DeviceLink> logger)
    {
        (this.device, this.handler, this.link, this.time, this.logger) = (device, handler, link, time, logger);
        malformedReports = new OncePerSecond(time);
        device.PublishTo(new StatePublisher(link, topics.Of(device.Name, Channel.State)));
        replyTopic = topics.Of(device.Name, Channel.ControlReply);
        presenceTopic = topics.Of(device.Name, Channel.Presence);
        link.Subscribe(topics.Of(device.Name, Channel.Command), Delivery.Sample, OnCommand);
        link.Subscribe(topics.Of(device.Name, Channel.Control), Delivery.Control, OnControl);
        link.StateChanged += OnLinkState;
        device.BusCommands.Replied = Reply;
        if (device.Renewal is { } renewal)
            renewal.Replied = Reply;
        device.Status.Changed += SignalPresence;
    }

    public string Name => device.Name;
    public Renewal? Renewal => device.Renewal;

    public static LinkOptions Options(Device device, BrokerOptions broker, TopicMap topics) => new()
    {
        ClientId = device.Name,
        Instance = Instance,
        Hosts = [.. broker.Hosts.Skip(FirstHost % broker.Hosts.Length), .. broker.Hosts.Take(FirstHost % broker.Hosts.Length)],
        Port = broker.PortOrDefault,
        KeepAlive = broker.Hosts.Length > 1 ? KeepAliveOfSeveral : KeepAlive,
        Tls = broker.Tls is { } tls ? new LinkTls(tls.Ca, Of(device, tls.Certificate), Of(device, tls.Key)) : null,
        Will = new LastWill(topics.Of(device.Name, Channel.Presence), Offline(device)),
    };

    /// <exception cref="LinkConfigurationException">A certificate or an option is unusable.</exception>
    /// <exception cref="ConfigurationException">What a power cut left of a renewal cannot be put in order.</exception>
    public Task StartAsync(CancellationToken cancellation)
    {
        device.Renewal?.Recover();
        return link.StartAsync(cancellation);
    }

    /// <summary>Publishes presence at each change and every two seconds, until it is canceled.</summary>
    public async Task RunPresenceAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await presenceDue.WaitAsync(PresencePeriod, cancellation);
            if (link.State == LinkState.Up)
                link.Publish(presenceTopic, ControlJson.Write(device.Presence()), Delivery.Control, retain: true);
        }
    }

    /// <summary>Says what the last will would say, which a clean end does not send.</summary>
    public ValueTask SayOfflineAsync()
    {
        if (link.State == LinkState.Up)
            link.Publish(presenceTopic, Offline(device), Delivery.Control, retain: true);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        device.Status.Changed -= SignalPresence;
        link.StateChanged -= OnLinkState;
        await link.DisposeAsync();
        presenceDue.Dispose();
    }

    private static string? Of(Device device, string? file) => file?.Replace("{device}", device.Name, StringComparison.Ordinal);

    private static byte[] Offline(Device device) => ControlJson.Write(new Presence(Online: false, device.Settings.Kind));

    private void OnCommand(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        var now = time.Now();
        while (!payload.IsEmpty)
        {
            if (!FrameCodec.TryRead(ref payload, out var command, out var error))
            {
                Drop(error.ToString());
                return;
            }

            if (command.Header.Kind != FrameKind.Command)
            {
                Drop("a state frame on the command topic");
                continue;
            }

            if (device.Kind.IsLeader || device.LocalPair is not null)
            {
                device.Counters.Drop(FrameResult.NotBound);
                continue;
            }

            command.CopyTo(positions);
            device.Inbox.Receive(command.Header.Stamp, positions.AsSpan(0, command.Header.Joints), now);
        }
    }

    private void OnControl(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (ControlJson.ReadMessage(payload) is not { } message)
            Drop("not a control message");
        else if (handler.Handle(message) is { } reply)
            Reply(reply);
    }

    private void Reply(ControlReply reply) => link.Publish(replyTopic, ControlJson.Write(reply), Delivery.Control);

    private void OnLinkState(LinkState state)
    {
        if (state == LinkState.Up)
        {
            device.Renewal?.Connected();
            LogConnected(device.Name);
        }
        else
        {
            device.Renewal?.Disconnected();
            LogDisconnected(device.Name);
        }

        SignalPresence();
    }

    private void SignalPresence()
    {
        if (presenceDue.CurrentCount == 0)
            presenceDue.Release();
    }

    private void Drop(string what)
    {
        device.Counters.Malformed();
        malformed++;
        if (malformedReports.Count(out _))
            LogMalformed(device.Name, what, malformed);
    }

    [LoggerMessage(3110, LogLevel.Information, "{Device}: connected to the broker")]
    private partial void LogConnected(string device);

    [LoggerMessage(3111, LogLevel.Warning, "{Device}: the broker cannot be reached; retrying")]
    private partial void LogDisconnected(string device);

    [LoggerMessage(3112, LogLevel.Warning, "{Device}: dropped malformed input ({What}), {Count} so far")]
    private partial void LogMalformed(string device, string what, long count);
}

/// <summary>Publishes one device's states on its topic, from its bus thread.</summary>
internal sealed class StatePublisher(IMqttLink link, string topic)
{
    private readonly byte[] frame = new byte[FrameCodec.MaxSize];
    private long sent;
    private long dropped;

    public long Sent => Volatile.Read(ref sent);
    public long Dropped => Volatile.Read(ref dropped);
    public bool IsUp => link.State == LinkState.Up;
    public long Reconnects => link.Counters.Reconnects;

    public void Publish(in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? echo)
    {
        var length = FrameCodec.Write(frame, header, positions, echo);
        Interlocked.Increment(ref link.Publish(topic, frame.AsSpan(0, length), Delivery.Sample) ? ref sent : ref dropped);
    }
}
