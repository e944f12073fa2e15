using System.Collections.Immutable;
using System.Text;
using System.Threading.Channels;
using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Grains.Devices;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.Engine;
using Armada.Silo.Telemetry;
using Channel = Armada.Core.Topics.Channel;

namespace Armada.Silo.Mqtt;

/// <summary>
/// Lets devices connect to any process of a cluster. It tells each device's grain whether the device is connected here and whether its robot
/// runs here, and sends the device's messages where the grain says that the other one of the two is.
/// </summary>
internal sealed partial class DeviceRouter : BackgroundService, IDevicePeer
{
    private const int MaxConcurrent = 64; // So that a silo that hangs with many devices' grains holds up few others.
    private const int MaxForwarded = 256;

    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AdmitWithin = TimeSpan.FromSeconds(4); // MQTTnet gives the whole CONNECT five.

    private readonly IGrainFactory grains;
    private readonly TopicTable table;
    private readonly TopicMap topics;
    private readonly MicroPythonTopics dialect;
    private readonly DeviceConnections connections;
    private readonly DeviceRoutes robots;
    private readonly RemoteTaps taps;
    private readonly TimeProvider time;
    private readonly ILogger<DeviceRouter> logger;
    private readonly SiloAddress? here;
    private readonly IClusterMembershipService? membership;
    private readonly Lazy<IDevicePeer> self;
    private readonly Lock sync = new();
    private readonly Dictionary<string, RoutedDevice> devices = new(StringComparer.Ordinal);
    private readonly Dictionary<IDevicePeer, PeerChannel> peers = [];
    private readonly Channel<RoutedDevice> due = System.Threading.Channels.Channel.CreateUnbounded<RoutedDevice>(); // Each device is in it once at most.
    private readonly Channel<(string Topic, byte[] Payload)> forwarded = System.Threading.Channels.Channel.CreateBounded<(string, byte[])>(
        new BoundedChannelOptions(MaxForwarded) { SingleReader = true });

    public DeviceRouter(
        IGrainFactory grains,
        TopicTable table,
        TopicMap topics,
        MicroPythonTopics dialect,
        DeviceConnections connections,
        DeviceRoutes robots,
        TopicAccess access,
        TimeProvider time,
        SiloTelemetry telemetry,
        ILogger<DeviceRouter> logger,
        ILocalSiloDetails? silo = null,
        IClusterMembershipService? membership = null)
    {
        (this.grains, this.table, this.topics, this.dialect, this.connections, this.robots) = (grains, table, topics, dialect, connections, robots);
        (this.time, this.logger, here, this.membership) = (time, logger, silo?.SiloAddress, membership);
        taps = new RemoteTaps(table, access, time);
        self = new Lazy<IDevicePeer>(() => grains.CreateObjectReference<IDevicePeer>(this));
        telemetry.Observe("armada.silo.peers.superseded", "{sample}", "Samples for other silos that a newer one replaced", CountSuperseded);
        robots.Exchanged += OnExchanged; // Robots may start here before this service does.
        connections.Closed += OnClosed;
    }

    private IDevicePeer Self => self.Value;

    /// <summary>Where a device is connected, where that is a silo and this one knows it, because the device's robot runs here.</summary>
    public SiloAddress? FindEndpoint(string device)
    {
        lock (sync)
            return devices.GetValueOrDefault(device)?.Route?.EndpointSilo;
    }

    /// <summary>A device wants to connect here.</summary>
    /// <returns>False where another machine is connected under its name; null where that cannot be found out.</returns>
    public async Task<bool?> ConnectAsync(ClientIdentity client, DeviceConnection connection, string? instance)
    {
        RoutedDevice device;
        DeviceClaim claim;
        lock (sync)
        {
            device = Of(client.Name);
            if (!client.IsSecondPath)
                device.Candidate = (connection, instance);
            device.Admissions++;
            claim = client.IsSecondPath
                ? ClaimOf(device) with { SecondInstance = instance }
                : ClaimOf(device) with { Connection = connection.Number, IsConnected = true, Instance = instance, Presence = [] };
        }

        var isAdmitted = await TryAdmitAsync(device, claim, client.IsSecondPath);
        lock (sync)
        {
            device.Admissions--;
            if (device.Candidate?.Connection == connection)
                device.Candidate = null;
            if (isAdmitted == true && client.IsSecondPath)
                device.SecondPath = (connection, instance!);
            else if (isAdmitted == true)
                (device.Connection, device.Instance, device.Presence, device.Number) = (connection, instance, [], connection.Number);
            Announce(device);
        }

        return isAdmitted;
    }

    /// <summary>A device has published a presence or a reply here.</summary>
    public void OnPublished(DeviceConnection connection, string topic, byte[] payload)
    {
        var name = connection.Identity!.Name;
        PeerChannel[] askers = [];
        lock (sync)
        {
            if (devices.GetValueOrDefault(name) is not { } device || device.Connection != connection)
                return;
            if (topic == topics.Of(name, Channel.ControlReply))
            {
                askers = [.. device.Askers];
            }
            else if (topic == topics.Of(name, Channel.Presence))
            {
                device.Presence = device.Heard = [.. payload];
                Announce(device);
            }
        }

        foreach (var asker in askers)
            asker.Enqueue(topic, payload, isFromDevice: true);
    }

    /// <summary>A silo was lost, or one has come: the grains of a lost one start elsewhere and know nothing.</summary>
    public void AnnounceAll() => AnnounceAgain(_ => true);

    /// <summary>Sends a control message to a device that has nothing to do with this process; false where too many wait.</summary>
    public bool Forward(string topic, ReadOnlySpan<byte> payload)
    {
        lock (sync)
            return devices.GetValueOrDefault(NameIn(topic)) is null or { Connection: null, HasRobot: false } && forwarded.Writer.TryWrite((topic, payload.ToArray()));
    }

    /// <summary>Until canceled, has what a device says and is told shown here, wherever else it is connected.</summary>
    public Task TapElsewhereAsync(string device, CancellationToken cancellation) =>
        SupervisedLoop.RunAsync($"tap of {device}", turn => AskForTapAsync(device, turn), time, logger, cancellation);

    public Task TakeSamplesAsync(ImmutableArray<DeviceMessage> samples)
    {
        foreach (var sample in samples)
        {
            if (table.Find(sample.Topic) is not { } route)
                continue;
            if (sample.IsFromDevice)
                route.Handler?.Invoke(route.Utf8, sample.Payload.AsSpan());
            else
                route.SendHere(sample.Payload.AsSpan(), Delivery.Sample);
        }

        return Task.CompletedTask;
    }

    public Task SynchronizeAsync() => Task.CompletedTask;

    public Task TakeControlAsync(IDevicePeer from, ImmutableArray<DeviceMessage> messages)
    {
        foreach (var message in messages)
        {
            var route = table.Of(message.Topic);
            if (message.IsFromDevice)
            {
                table.Deliver(route, message.Payload.AsSpan());
                continue;
            }

            lock (sync)
            {
                if (devices.GetValueOrDefault(NameIn(message.Topic)) is { Connection: not null } device)
                    device.Askers.Add(ChannelTo(from));
            }

            route.SendHere(message.Payload.AsSpan(), Delivery.Control);
        }

        return Task.CompletedTask;
    }

    public Task ShowAsync(string device, IDevicePeer viewer)
    {
        taps.Show(device, viewer, Self);
        return Task.CompletedTask;
    }

    public Task TakeTappedAsync(ImmutableArray<DeviceMessage> messages)
    {
        foreach (var message in messages)
            table.Find(message.Topic)?.Show(message.Payload.AsSpan());
        return Task.CompletedTask;
    }

    public Task SetRouteAsync(string device, DeviceRoute route)
    {
        RoutedDevice? known;
        lock (sync)
            known = devices.GetValueOrDefault(device);
        if (known is not null)
            Apply(known, route);
        return Task.CompletedTask;
    }

    public Task<bool> TryReplaceAsync(string device, string? instance)
    {
        lock (sync)
        {
            if (devices.GetValueOrDefault(device) is not { } known)
                return Task.FromResult(true);
            if (known.Candidate is { } candidate && (instance is null || instance != candidate.Instance))
                return Task.FromResult(false);
            if (known.Connection is { } connection)
            {
                if (!connection.IsReplaceableBy(instance))
                    return Task.FromResult(false);
                connection.Abort("its client has connected to another silo");
            }

            return Task.FromResult(true);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // The connections and robots of this process have ended; the others hear it before it leaves.
        var begin = time.GetTimestamp();
        while (HasUnsaid() && time.GetElapsedTime(begin) < AnswerWithin && !cancellationToken.IsCancellationRequested)
            await Task.Delay(Retry, time, CancellationToken.None);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(
            SupervisedLoop.RunAsync("routes", AnnounceAllAsync, time, logger, stoppingToken),
            SupervisedLoop.RunAsync("renewal of routes", RenewAsync, time, logger, stoppingToken),
            SupervisedLoop.RunAsync("membership", FollowMembershipAsync, time, logger, stoppingToken),
            SupervisedLoop.RunAsync("forwarded messages", ForwardAsync, time, logger, stoppingToken));
    }

    private string NameIn(string topic) => topics.TryParse(table.Of(topic).Utf8, out var name, out _) ? Encoding.UTF8.GetString(name) : "";

    private Task AnnounceAllAsync(CancellationToken cancellation) => Parallel.ForEachAsync(
        due.Reader.ReadAllAsync(cancellation), new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = cancellation }, AnnounceAsync);

    // What was not said is said again soon, and everything every two seconds.
    private async Task RenewAsync(CancellationToken cancellation)
    {
        await Task.Delay(Retry, time, cancellation);
        AnnounceAgain(device => device.IsUnsaid || time.GetElapsedTime(device.SaidAt) > Renewal);
        taps.EndLost();
    }

    private async Task FollowMembershipAsync(CancellationToken cancellation)
    {
        if (membership is null)
            await Task.Delay(Timeout.Infinite, cancellation);
        else
            await foreach (var _ in membership.MembershipUpdates.WithCancellation(cancellation))
                AnnounceAll();
    }

    private void AnnounceAgain(Func<RoutedDevice, bool> isMeant)
    {
        lock (sync)
        {
            foreach (var device in devices.Values.Where(isMeant))
                Announce(device);
        }
    }

    private async Task ForwardAsync(CancellationToken cancellation)
    {
        var (topic, payload) = await forwarded.Reader.ReadAsync(cancellation);
        try
        {
            var read = grains.GetGrain<IDeviceRouteGrain>(NameIn(topic)).ReadAsync();
            await read.Within(AnswerWithin, cancellation);
            if ((await read).Endpoint is not { } endpoint)
                return;
            PeerChannel channel;
            lock (sync)
                channel = ChannelTo(endpoint);
            channel.Enqueue(topic, payload, isFromDevice: false);
        }
        catch (Exception fault) when (GrainCalls.IsTransient(fault))
        {
            LogNotForwarded(fault, topic);
        }
    }

    private async Task AskForTapAsync(string device, CancellationToken cancellation)
    {
        try
        {
            var read = grains.GetGrain<IDeviceRouteGrain>(device).ReadAsync();
            await read.Within(AnswerWithin, cancellation);
            if ((await read).Endpoint is { } endpoint && !endpoint.Equals(Self))
                await endpoint.ShowAsync(device, Self).Within(AnswerWithin, cancellation);
        }
        catch (Exception fault) when (GrainCalls.IsTransient(fault))
        {
            LogNotTapped(fault, device);
        }

        await Task.Delay(Renewal, time, cancellation);
    }

    private void OnExchanged(IReadOnlyList<SampleSlot> removed, IReadOnlyList<SampleSlot> added)
    {
        lock (sync)
        {
            foreach (var name in removed.Concat(added).Select(slot => slot.Device).Distinct())
            {
                var device = Of(name);
                device.HasRobot = robots.Find(name) is not null;
                Announce(device);
            }
        }
    }

    private void OnClosed(DeviceConnection connection)
    {
        lock (sync)
        {
            if (connection.Identity is not { } client || devices.GetValueOrDefault(client.Name) is not { } device)
                return;
            if (device.SecondPath?.Connection == connection)
            {
                device.SecondPath = null;
                Announce(device);
            }

            if (device.Connection != connection)
                return;
            device.Connection = null;
            device.Askers.Clear();
            Announce(device);
        }
    }

    private long CountSuperseded()
    {
        lock (sync)
            return peers.Values.Sum(channel => channel.Superseded);
    }

    private RoutedDevice Of(string name)
    {
        if (!devices.TryGetValue(name, out var device))
            devices[name] = device = new RoutedDevice(name);
        return device;
    }

    private void Announce(RoutedDevice device)
    {
        device.IsUnsaid = true;
        if (device.IsDue)
            return;
        device.IsDue = true;
        due.Writer.TryWrite(device);
    }

    private bool HasUnsaid()
    {
        lock (sync)
            return devices.Values.Any(device => device.IsUnsaid);
    }

    private async Task<bool?> TryAdmitAsync(RoutedDevice device, DeviceClaim claim, bool isSecondPath)
    {
        for (var begin = time.GetTimestamp(); time.GetElapsedTime(begin) < AdmitWithin;)
        {
            try
            {
                var grain = grains.GetGrain<IDeviceRouteGrain>(device.Name);
                var asked = isSecondPath ? grain.ConnectSecondAsync(Self, claim) : grain.ConnectAsync(Self, claim);
                await asked.Within(AdmitWithin - time.GetElapsedTime(begin), CancellationToken.None);
                return await asked;
            }
            catch (Exception fault) when (GrainCalls.IsTransient(fault))
            {
                LogNotSaid(fault, device.Name);
                await Task.Delay(Retry, time);
            }
        }

        return null;
    }

    private async ValueTask AnnounceAsync(RoutedDevice device, CancellationToken cancellation)
    {
        DeviceClaim claim;
        lock (sync)
        {
            (device.IsUnsaid, device.SaidAt) = (false, time.GetTimestamp());
            claim = ClaimOf(device);
        }

        var isSaid = false;
        try
        {
            var said = grains.GetGrain<IDeviceRouteGrain>(device.Name).AnnounceAsync(Self, claim);
            await said.Within(AnswerWithin, cancellation);
            Apply(device, await said);
            isSaid = true;
        }
        catch (Exception fault) when (GrainCalls.IsTransient(fault))
        {
            LogNotSaid(fault, device.Name);
        }
        finally
        {
            End(device, isSaid);
        }
    }

    private void End(RoutedDevice device, bool isSaid)
    {
        lock (sync)
        {
            device.IsDue = false;
            if (!isSaid)
                device.IsUnsaid = true; // The renewal tries again.
            else if (device.IsUnsaid)
                Announce(device);
            else if (device is { Admissions: 0, Connection: null, SecondPath: null, HasRobot: false })
                devices.Remove(device.Name);
        }
    }

    private void Apply(RoutedDevice device, DeviceRoute route)
    {
        DeviceConnection? isElsewhere;
        DeviceConnection? isOthers = null;
        bool mustHear;
        lock (sync)
        {
            var before = device.Route;
            if (before?.Source == route.Source && before.Version > route.Version)
                route = before;
            device.Route = route;
            Connect(device, route);
            isElsewhere = route.Endpoint is { } endpoint && !endpoint.Equals(Self) ? device.Connection : null;
            if (device.SecondPath is { } second && !(IsHereOrNowhere(route.Second) && (route.Endpoint is null || route.Instance == second.Instance)))
                isOthers = second.Connection;
            mustHear = device is { HasRobot: true, Connection: null } && !route.Presence.IsDefaultOrEmpty && !route.Presence.AsSpan().SequenceEqual(device.Heard.AsSpan());
            if (mustHear)
                device.Heard = route.Presence;
        }

        isElsewhere?.Abort("its client has connected to another silo");
        isOthers?.Abort("its client has connected to another silo, or another machine has its name");
        if (mustHear)
            table.Deliver(table.Of(topics.Of(device.Name, Channel.Presence)), route.Presence.AsSpan());
    }

    private DeviceClaim ClaimOf(RoutedDevice device) => new(
        device.Number, device.Connection is not null, device.Instance, device.Presence, device.HasRobot, here, device.SecondPath?.Instance);

    private bool IsHereOrNowhere(IDevicePeer? peer) => peer is null || peer.Equals(Self);

    private void Connect(RoutedDevice device, DeviceRoute route)
    {
        var second = device.SecondPath is not null ? route.Robot : device.HasRobot ? route.Second : null;
        var secondRemote = IsHereOrNowhere(second) ? null : ChannelTo(second!);
        if (device.SecondRemote != secondRemote)
        {
            device.SecondRemote = secondRemote;
            foreach (var channel in (Channel[])[Channel.State, Channel.Command])
                table.Of(topics.Of(device.Name, channel), isSecondPath: true).Remote = secondRemote;
        }

        var other = device.Connection is not null ? route.Robot : device.HasRobot ? route.Endpoint : null;
        var remote = IsHereOrNowhere(other) ? null : ChannelTo(other!);
        if (device.Remote == remote)
            return;
        device.Remote = remote;
        foreach (var topic in (string[])[topics.Of(device.Name, Channel.State), topics.Of(device.Name, Channel.Command), topics.Of(device.Name, Channel.Control), dialect.Of(device.Name)])
            table.Of(topic).Remote = remote;
    }

    private PeerChannel ChannelTo(IDevicePeer peer)
    {
        if (!peers.TryGetValue(peer, out var channel))
            peers[peer] = channel = new PeerChannel(peer, Self, OnLost, peer.TakeSamplesAsync);
        return channel;
    }

    private void OnLost(PeerChannel channel, Exception lost)
    {
        LogLost(lost);
        lock (sync)
        {
            peers.Remove(channel.Peer);
            foreach (var device in devices.Values)
            {
                device.Askers.Remove(channel);
                if (device.Remote != channel && device.SecondRemote != channel)
                    continue;
                Connect(device, device.Route!);
                Announce(device);
            }
        }
    }

    [LoggerMessage(1723, LogLevel.Information, "Another process does not take devices' messages; it is tried again")]
    private partial void LogLost(Exception lost);

    [LoggerMessage(1724, LogLevel.Debug, "{Device}: the cluster could not be told where it is; tried again")]
    private partial void LogNotSaid(Exception fault, string device);

    [LoggerMessage(1726, LogLevel.Debug, "A message on {Topic} could not be forwarded")]
    private partial void LogNotForwarded(Exception fault, string topic);

    [LoggerMessage(1727, LogLevel.Debug, "{Device} cannot be tapped where it is connected; tried again")]
    private partial void LogNotTapped(Exception fault, string device);

    /// <summary>A device that is connected here or whose robot runs here. Used under the router's lock.</summary>
    private sealed class RoutedDevice(string name)
    {
        public string Name => name;

        /// <summary>The connection that the device's grain is asked for.</summary>
        public (DeviceConnection Connection, string? Instance)? Candidate { get; set; }

        public DeviceConnection? Connection { get; set; }

        /// <summary>The connection of its second path, and the machine that it is of.</summary>
        public (DeviceConnection Connection, string Instance)? SecondPath { get; set; }

        /// <summary>Connections that the device's grain is being asked for.</summary>
        public int Admissions { get; set; }

        /// <summary>Of the newest connection that was admitted; 0 for none.</summary>
        public long Number { get; set; }

        public string? Instance { get; set; }

        /// <summary>What the device said of itself on that connection.</summary>
        public ImmutableArray<byte> Presence { get; set; } = [];

        /// <summary>What the silo's handlers heard last of the device's presence.</summary>
        public ImmutableArray<byte> Heard { get; set; } = [];

        public bool HasRobot { get; set; }

        public DeviceRoute? Route { get; set; }

        public PeerChannel? Remote { get; set; }

        /// <summary>Of its second path.</summary>
        public PeerChannel? SecondRemote { get; set; }

        /// <summary>Other processes that have sent it control messages, which its replies go to.</summary>
        public HashSet<PeerChannel> Askers { get; } = [];

        public bool IsDue { get; set; }

        public bool IsUnsaid { get; set; }

        public long SaidAt { get; set; }
    }
}
