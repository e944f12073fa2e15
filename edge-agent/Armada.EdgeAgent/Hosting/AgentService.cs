using System.Collections.Immutable;
using Armada.Core.Topics;
using Armada.Devices.Serial;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Follower;
using Armada.EdgeAgent.Identities;
using Armada.EdgeAgent.Leader;
using Armada.EdgeAgent.Local;
using Armada.EdgeAgent.Telemetry;
using Armada.Mqtt;

namespace Armada.EdgeAgent.Hosting;

internal delegate IMqttLink MqttLinkFactory(LinkOptions options, ILoggerFactory loggers);

/// <summary>Starts every device, its link and the local pairs, and ends them in an order in which each arm is left as it is configured:
/// sessions first, links last.</summary>
internal sealed partial class AgentService : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan CrashLimit = TimeSpan.FromSeconds(1);

    private readonly ISerialPorts ports;
    private readonly ILoggerFactory loggers;
    private readonly TimeProvider time;
    private readonly AgentClock clock;
    private readonly AgentTelemetry telemetry;
    private readonly Supervisor supervisor;
    private readonly ILogger logger;
    private readonly KnownArms arms;
    private readonly IReadOnlyList<Device> devices;
    private readonly CancellationTokenSource sessionsEnd = new();
    private readonly CancellationTokenSource linksEnd = new();
    private readonly ImmutableArray<DeviceSession> sessions;
    private readonly ImmutableArray<DeviceLink> links;
    private readonly ImmutableArray<LocalPair> pairs;
    private readonly List<Task> runningSessions = [];
    private readonly List<Task> runningLinks = [];
    private int stopped;
    private int disposed;

    public AgentService(
        AgentConfiguration configuration,
        IReadOnlyList<Device> devices,
        ISerialPorts ports,
        MqttLinkFactory link,
        AgentTelemetry telemetry,
        Supervisor supervisor,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        (this.devices, this.ports, this.telemetry, this.supervisor, this.time, this.loggers) = (devices, ports, telemetry, supervisor, time, loggers);
        clock = new AgentClock(time);
        logger = loggers.CreateLogger<AgentService>();
        arms = new KnownArms(configuration.ArmsFolder, configuration.Devices, loggers.CreateLogger<KnownArms>());
        sessions = [.. devices.Select(Session)];
        var byName = devices.ToDictionary(device => device.Name);
        pairs = [.. configuration.Local.Select(pair => new LocalPair(pair, byName, clock, loggers.CreateLogger<LocalPair>()))];
        var topics = new TopicMap(configuration.TopicRoot);
        links = configuration.Broker is { } broker
            ? [.. devices.Select(device => Link(device, link, broker, topics))]
            : [];
    }

    /// <summary>Starts the links: what is named wrongly is reported before any arm has torque.</summary>
    /// <param name="strict">Whether every port must be there; else what is missing is waited for, and what is there runs.</param>
    /// <exception cref="SerialOpenException">It is strict, and a port cannot be opened.</exception>
    /// <exception cref="LinkConfigurationException">A certificate or an option of the broker is unusable.</exception>
    public async Task OpenAsync(bool strict, CancellationToken cancellation)
    {
        foreach (var session in strict ? sessions : [])
        {
            cancellation.ThrowIfCancellationRequested();
            session.Open();
        }

        foreach (var link in links)
            await link.StartAsync(cancellation);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        AppDomain.CurrentDomain.UnhandledException += OnCrash;
        foreach (var device in devices)
        {
            if (SerialPorts.StableNameOf(device.Settings.Port) is var stable && stable != device.Settings.Port)
                LogPortName(device.Name, device.Settings.Port, stable);
        }

        foreach (var session in sessions)
            Run(runningSessions, $"session of {session.Name}", session.RunAsync, sessionsEnd);
        foreach (var pair in pairs)
            Run(runningSessions, $"local pair {pair.Name}", pair.RunAsync, sessionsEnd);
        foreach (var link in links)
        {
            Run(runningLinks, $"presence of {link.Name}", link.RunPresenceAsync, linksEnd);
            if (link.Renewal is { } renewal)
                Run(runningLinks, $"certificate renewal of {link.Name}", renewal.RunAsync, linksEnd);
        }

        LogStarted(sessions.Length, links.Length, pairs.Length);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref stopped, 1) != 0)
            return;
        await sessionsEnd.CancelAsync();
        await Task.WhenAll(runningSessions);
        await linksEnd.CancelAsync();
        await Task.WhenAll(runningLinks);
        foreach (var link in links)
            await supervisor.CloseAsync($"presence of {link.Name}", link.SayOfflineAsync);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        AppDomain.CurrentDomain.UnhandledException -= OnCrash;
        await StopAsync(CancellationToken.None);
        foreach (var link in links)
            await supervisor.CloseAsync($"link of {link.Name}", link.DisposeAsync);
        foreach (var session in sessions)
            await supervisor.CloseAsync($"port of {session.Name}", session.CloseAsync);
        sessionsEnd.Dispose();
        linksEnd.Dispose();
    }

    private void Run(List<Task> running, string name, Func<CancellationToken, Task> loop, CancellationTokenSource end) =>
        running.Add(supervisor.RunAsync(name, loop, end.Token));

    /// <summary>Whatever brings the process down, no arm goes on moving.</summary>
    private void OnCrash(object sender, UnhandledExceptionEventArgs crash)
    {
        sessionsEnd.Cancel();
        Task.WaitAll([.. runningSessions], CrashLimit);
    }

    private DeviceLink Link(Device device, MqttLinkFactory factory, BrokerOptions broker, TopicMap topics)
    {
        var options = DeviceLink.Options(device, broker, topics);
        var link = factory(options, loggers);
        var second = device.Settings.Paths == 2 ? factory(DeviceLink.SecondOptions(device, options), loggers) : null;
        if (options.Tls is { CertificateFile: { } certificate, KeyFile: { } key } tls)
        {
            var signer = broker.Tls!.OtherSigner ? null : tls.CaFile;
            device.Renewal = new Renewal(device, new CredentialFiles(certificate, key), signer, link, time, loggers.CreateLogger<Renewal>());
        }

        var control = new ControlHandler(device, loggers.CreateLogger<ControlHandler>());
        return new DeviceLink(device, control, link, topics, clock, loggers.CreateLogger<DeviceLink>(), second, broker.ProfileOrDefault);
    }

    private DeviceSession Session(Device device)
    {
        ConfigurationFile.CheckCalibration(device.Settings);
        var setup = new ArmSetup(device, arms, loggers.CreateLogger<ArmSetup>());
        IArmLoop loop = device.Kind.IsLeader
            ? new LeaderLoop(device, setup, telemetry, clock)
            : new FollowerLoop(device, setup, telemetry, clock, loggers.CreateLogger<FollowerLoop>());
        return new DeviceSession(device, ports, arms, loop, loggers.CreateLogger<DeviceSession>());
    }

    [LoggerMessage(3401, LogLevel.Warning, "{Device}: {Port} may be another arm's after a restart; name it {Stable} in the configuration")]
    private partial void LogPortName(string device, string port, string stable);

    [LoggerMessage(3400, LogLevel.Information, "Agent started: {Devices} device(s), {Links} link(s), {Pairs} local pair(s)")]
    private partial void LogStarted(int devices, int links, int pairs);
}
