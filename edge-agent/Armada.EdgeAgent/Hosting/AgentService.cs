using System.Collections.Immutable;
using Armada.Core.Topics;
using Armada.Devices.Serial;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Follower;
using Armada.EdgeAgent.Identities;
using Armada.EdgeAgent.Leader;
using Armada.EdgeAgent.Local;
using Armada.EdgeAgent.Telemetry;
using Armada.Mqtt;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Hosting;

/// <summary>
/// Starts every device, its link and the local pairs, and ends them in an order that leaves no arm with torque: sessions first,
/// links last.
/// </summary>
internal sealed partial class AgentService : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan CrashPatience = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<Device> devices;
    private readonly ISerialPorts ports;
    private readonly ILoggerFactory loggers;
    private readonly TimeProvider time;
    private readonly AgentTelemetry telemetry;
    private readonly ILogger logger;
    private readonly CancellationTokenSource sessionsEnd = new();
    private readonly CancellationTokenSource linksEnd = new();
    private readonly ImmutableArray<DeviceSession> sessions;
    private readonly ImmutableArray<DeviceLink> links;
    private readonly ImmutableArray<LocalPair> pairs;
    private int disposed;
    private Task running = Task.CompletedTask;
    private Task talk = Task.CompletedTask;

    public AgentService(
        AgentConfiguration configuration,
        IReadOnlyList<Device> devices,
        ISerialPorts ports,
        LinkFactory link,
        AgentTelemetry telemetry,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        (this.devices, this.ports, this.telemetry, this.time, this.loggers) = (devices, ports, telemetry, time, loggers);
        logger = loggers.CreateLogger<AgentService>();
        sessions = [.. devices.Select(Session)];
        var byName = devices.ToDictionary(device => device.Name);
        pairs = [.. configuration.Local.Select(pair => new LocalPair(pair, byName, time, loggers.CreateLogger<LocalPair>()))];
        var topics = new TopicMap(configuration.TopicRoot);
        links = configuration.Broker is { } broker
            ? [.. devices.Select(device => Link(device, link, broker, topics))]
            : [];
    }

    /// <summary>Opens every port, then starts the links: what is named wrongly is told before any arm has torque.</summary>
    /// <exception cref="SerialOpenException">A port cannot be opened.</exception>
    /// <exception cref="LinkConfigurationException">A certificate or an option of the broker is unusable.</exception>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        foreach (var session in sessions)
            session.Open();
        foreach (var link in links)
            await link.StartAsync(cancellation);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        AppDomain.CurrentDomain.UnhandledException += OnCrash;
        running = Task.WhenAll(
            [.. sessions.Select(session => session.RunAsync(sessionsEnd.Token)), .. pairs.Select(pair => pair.RunAsync(sessionsEnd.Token))]);
        var renewals = devices.Select(device => device.Renewal).OfType<Renewal>();
        talk = Task.WhenAll(
            [.. links.Select(link => link.RunPresenceAsync(linksEnd.Token)), .. renewals.Select(renewal => renewal.RunAsync(linksEnd.Token))]);
        LogStarted(sessions.Length, links.Length, pairs.Length);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await sessionsEnd.CancelAsync();
        await running;
        await linksEnd.CancelAsync();
        await talk;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        AppDomain.CurrentDomain.UnhandledException -= OnCrash;
        await StopAsync(CancellationToken.None);
        foreach (var link in links)
            await link.DisposeAsync();
        foreach (var session in sessions)
            session.Close();
        sessionsEnd.Dispose();
        linksEnd.Dispose();
    }

    /// <summary>Whatever brings the process down, arms do not stay under power.</summary>
    private void OnCrash(object sender, UnhandledExceptionEventArgs crash)
    {
        sessionsEnd.Cancel();
        running.Wait(CrashPatience);
    }

    private DeviceLink Link(Device device, LinkFactory link, BrokerSettings broker, TopicMap topics)
    {
        var options = DeviceLink.Options(device, broker, topics);
        var made = link(options, loggers);
        if (options.Tls is { CertificateFile: { } certificate, KeyFile: { } key } tls)
        {
            var signer = broker.Tls!.OtherSigner ? null : tls.CaFile;
            device.Renewal = new Renewal(device, new PairFiles(certificate, key), signer, made, time, loggers.CreateLogger<Renewal>());
        }

        return new DeviceLink(
            device, new ControlHandler(device, loggers.CreateLogger<ControlHandler>()), made, topics, time, loggers.CreateLogger<DeviceLink>());
    }

    private DeviceSession Session(Device device)
    {
        var setup = new ArmSetup(device, Calibrations.Load(device.Settings), loggers.CreateLogger<ArmSetup>());
        IArmLoop loop = device.Role.IsLeader
            ? new LeaderLoop(device, setup, telemetry, time)
            : new FollowerLoop(device, setup, telemetry, time, loggers.CreateLogger<FollowerLoop>());
        return new DeviceSession(device, ports, loop, loggers.CreateLogger<DeviceSession>());
    }
}
