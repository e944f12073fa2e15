using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Core.Topics;
using Armada.EdgeAgent.Identities;
using Armada.Mqtt;

namespace Armada.EdgeAgent.Devices;

/// <summary>
/// One device's own MQTT connection: its name is the client id, its last will says that it is offline. Where it has a second one, samples go
/// by both, and the first copy counts; whatever else is said goes by the first.
/// </summary>
internal sealed partial class DeviceLink : IAsyncDisposable
{
    private static readonly TimeSpan PresencePeriod = TimeSpan.FromSeconds(2);

    // Of this process: a copied memory card does not copy it.
    private static readonly string Instance = Guid.NewGuid().ToString("n");

    // Of several silos a hanging one is found sooner, for the others can serve.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KeepAliveOfSeveral = TimeSpan.FromSeconds(4);

    // Nothing can stop a device by its second path: commands that come by it count while the first one lives.
    private static readonly TimeSpan ControlGrace = RobotTiming.Default.ControlGrace;

    // All devices of an agent begin at one silo, and agents at different ones.
    private static readonly int FirstHost = Random.Shared.Next();

    private readonly Device device;
    private readonly ControlHandler handler;
    private readonly IMqttLink link;
    private readonly IMqttLink? second;
    private readonly TimeProvider time;
    private readonly ILogger<DeviceLink> logger;
    private readonly string replyTopic;
    private readonly string presenceTopic;
    private readonly PathCounts[] counts = [new(), new()];
    private readonly Lock dropping = new();

    // Without a maximum: two threads that signal at once cost one presence more, where a full semaphore would end the bus's loop.
    private readonly SemaphoreSlim presenceDue = new(1);
    private readonly OncePerSecond malformedReports;
    private long malformed;
    private long heardAt = long.MinValue / 2; // By the first path, monotonic microseconds.

    public DeviceLink(
        Device device, ControlHandler handler, IMqttLink link, TopicMap topics, TimeProvider time, ILogger<DeviceLink> logger, IMqttLink? second = null,
        LinkProfile profile = LinkProfile.Lan)
    {
        (this.device, this.handler, this.link, this.time, this.logger, this.second) = (device, handler, link, time, logger, second);
        malformedReports = new OncePerSecond(time);
        device.PublishTo(new StatePublisher(second is null ? [link] : [link, second], topics.Of(device.Name, Channel.State), profile));
        replyTopic = topics.Of(device.Name, Channel.ControlReply);
        presenceTopic = topics.Of(device.Name, Channel.Presence);
        link.Subscribe(topics.Of(device.Name, Channel.Command), Delivery.Sample, (_, payload) => OnCommand(payload, isSecond: false));
        link.Subscribe(topics.Of(device.Name, Channel.Control), Delivery.Control, OnControl);
        link.StateChanged += OnLinkState;
        if (second is not null)
        {
            second.Subscribe(topics.Of(device.Name, Channel.Command), Delivery.Sample, (_, payload) => OnCommand(payload, isSecond: true));
            second.StateChanged += OnSecondState;
            device.Paths = () => [PathOf(0, link), PathOf(1, second)];
        }

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
        Interface = InterfaceOf(device, 0),
        Will = new LastWill(
            topics.Of(device.Name, Channel.Presence), Offline(device, device.Settings.Paths == 2 ? [new PathPresence(false), new PathPresence(true)] : null)),
    };

    /// <summary>Of its second path, which begins at another silo where there are several.</summary>
    public static LinkOptions SecondOptions(Device device, LinkOptions first) => first with
    {
        ClientId = device.Name + DeviceName.SecondPath,
        Hosts = [.. first.Hosts.Skip(1), first.Hosts[0]],
        Interface = InterfaceOf(device, 1),
        Will = null,
    };

    /// <exception cref="LinkConfigurationException">A certificate or an option is unusable.</exception>
    /// <exception cref="ConfigurationException">What a power cut left of a renewal cannot be put in order.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        device.Renewal?.Recover();
        await link.StartAsync(cancellation);
        if (second is not null)
            await second.StartAsync(cancellation);
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
        if (second is not null)
        {
            second.StateChanged -= OnSecondState;
            await second.DisposeAsync();
        }

        await link.DisposeAsync();
        presenceDue.Dispose();
    }

    private static string? Of(Device device, string? file) => file?.Replace("{device}", device.Name, StringComparison.Ordinal);

    private static string InterfaceOf(Device device, int path) => device.Settings.Interfaces.IsDefault ? "" : device.Settings.Interfaces[path] ?? "";

    private static byte[] Offline(Device device, IReadOnlyList<PathPresence>? paths = null) =>
        ControlJson.Write(new Presence(Online: false, device.Settings.Kind, Paths: paths));

    private PathPresence PathOf(int path, IMqttLink one) => new(
        one.State == LinkState.Up,
        InterfaceOf(device, path) is { Length: > 0 } own ? own : null,
        device.Publisher!.SentBy(path),
        Volatile.Read(ref counts[path].Received),
        Volatile.Read(ref counts[path].First));

    private void OnCommand(ReadOnlySpan<byte> payload, bool isSecond)
    {
        var now = time.Now();
        if (!isSecond)
            Volatile.Write(ref heardAt, now.Monotonic);
        var isControlled = now.Monotonic - Volatile.Read(ref heardAt) < Microseconds.Of(ControlGrace);
        var path = counts[isSecond ? 1 : 0];
        Span<double> positions = stackalloc double[FrameCodec.MaxJoints];
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

            Interlocked.Increment(ref path.Received);
            if (!isControlled)
            {
                device.Counters.Drop(FrameResult.NoControl);
                continue;
            }

            command.CopyTo(positions);
            if (device.Inbox.Receive(command.Header.Stamp, positions[..command.Header.Joints], now) != FrameResult.Duplicate)
                Interlocked.Increment(ref path.First);
        }
    }

    private void OnControl(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        Volatile.Write(ref heardAt, time.Now().Monotonic);
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

    private void OnSecondState(LinkState state)
    {
        if (state == LinkState.Up)
            LogSecondConnected(device.Name);
        else
            LogSecondDisconnected(device.Name);
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
        lock (dropping)
        {
            malformed++;
            if (malformedReports.Count(out _))
                LogMalformed(device.Name, what, malformed);
        }
    }

    [LoggerMessage(3110, LogLevel.Information, "{Device}: connected to the broker")]
    private partial void LogConnected(string device);

    [LoggerMessage(3111, LogLevel.Warning, "{Device}: the broker cannot be reached; retrying")]
    private partial void LogDisconnected(string device);

    [LoggerMessage(3112, LogLevel.Warning, "{Device}: dropped malformed input ({What}), {Count} so far")]
    private partial void LogMalformed(string device, string what, long count);

    [LoggerMessage(3113, LogLevel.Information, "{Device}: connected to the broker by its second path")]
    private partial void LogSecondConnected(string device);

    [LoggerMessage(3114, LogLevel.Warning, "{Device}: the broker cannot be reached by the second path; retrying")]
    private partial void LogSecondDisconnected(string device);

    private sealed class PathCounts
    {
        public long Received;
        public long First;
    }
}

/// <summary>Publishes one device's states on its topic by each of its paths, from its bus thread: each at once, or those of a short time in one
/// message.</summary>
internal sealed class StatePublisher(IMqttLink[] paths, string topic, LinkProfile profile)
{
    private const int MaxFrames = 16;

    private readonly long span = profile == LinkProfile.AwsIot ? Microseconds.PerSecond / 20 : 0;
    private readonly byte[] frames = new byte[MaxFrames * FrameCodec.MaxSize];
    private readonly long[] sentBy = new long[paths.Length];
    private int length;
    private int count;
    private long began;
    private long last;
    private long sent;
    private long dropped;

    /// <summary>States that went by one path at least.</summary>
    public long Sent => Volatile.Read(ref sent);
    public long Dropped => Volatile.Read(ref dropped);
    public bool IsUp => Array.Exists(paths, path => path.State == LinkState.Up);
    public long Reconnects => paths.Sum(path => path.Counters.Reconnects);

    public long SentBy(int path) => Volatile.Read(ref sentBy[path]);

    public void Publish(in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? echo)
    {
        if (count == 0)
            began = header.CapturedAt;
        var next = (2 * header.CapturedAt) - last; // When the next one is due.
        last = header.CapturedAt;
        length += FrameCodec.Write(frames.AsSpan(length), header, positions, echo);
        count++;
        if (next - began >= span || count == MaxFrames || (header.Flags & FrameFlags.KeepAlive) != 0)
            Send();
    }

    private void Send()
    {
        var isSent = false;
        for (var path = 0; path < paths.Length; path++)
        {
            if (!paths[path].Publish(topic, frames.AsSpan(0, length), Delivery.Sample))
                continue;
            isSent = true;
            Interlocked.Add(ref sentBy[path], count);
        }

        Interlocked.Add(ref isSent ? ref sent : ref dropped, count);
        (length, count) = (0, 0);
    }
}
