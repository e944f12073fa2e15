using System.Collections.Immutable;
using Armada.Core.Frames;
using Armada.Devices.Serial;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Hosting;
using Armada.EdgeAgent.Stops;
using Armada.EdgeAgent.Telemetry;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Logging;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Agent.Kit;

/// <summary>A whole agent inside the test: real ports, real links, real threads; only the process is the test's.</summary>
public sealed class TestAgent : IAsyncDisposable
{
    private readonly AgentTelemetry telemetry;
    private readonly AgentService service;

    private TestAgent(AgentConfiguration configuration, FailOnLoggedErrors logs, Surroundings surroundings)
    {
        Devices = [.. configuration.Devices.Select(device => new Device(device, Stop))];
        telemetry = new AgentTelemetry(Devices);
        service = new AgentService(
            configuration,
            Devices,
            surroundings.Ports ?? SerialPorts.Create(),
            surroundings.Link ?? ((options, loggers) => new MqttLink(options, loggers.CreateLogger<MqttLink>())),
            telemetry,
            new Supervisor(TimeProvider.System, logs.For<Supervisor>()),
            surroundings.Time ?? TimeProvider.System,
            logs);
    }

    /// <summary>What a test puts in the place of the machine's own.</summary>
    internal sealed record Surroundings(ISerialPorts? Ports = null, MqttLinkFactory? Link = null, TimeProvider? Time = null);

    internal LocalStop Stop { get; } = new();

    internal IReadOnlyList<Device> Devices { get; }

    /// <summary>Starts an agent of leaders named leader-… and followers named follower-….</summary>
    public static Task<TestAgent> StartAsync(
        FailOnLoggedErrors logs, BrokerOptions? broker, bool local, params (string Name, string Port, string? Calibration)[] arms)
    {
        var devices = arms.Select(arm => new DeviceSettings(
            arm.Name, arm.Name.StartsWith("leader", StringComparison.Ordinal) ? "so101-leader" : "so101-follower", arm.Port, arm.Calibration ?? DeviceSettings.FromEeprom));
        ImmutableArray<LocalPairSettings> pairs = local ? [new LocalPairSettings("leader-1", ["follower-1"])] : [];
        return StartAsync(logs, new AgentConfiguration([.. devices], broker, Local: pairs));
    }

    public static Task<TestAgent> StartAsync(FailOnLoggedErrors logs, AgentConfiguration configuration) =>
        StartAsync(logs, configuration, new Surroundings());

    internal static async Task<TestAgent> StartAsync(FailOnLoggedErrors logs, AgentConfiguration configuration, Surroundings surroundings)
    {
        var agent = new TestAgent(configuration, logs, surroundings);
        await agent.service.OpenAsync(strict: false, CancellationToken.None);
        await agent.service.StartAsync(CancellationToken.None);
        return agent;
    }

    internal Device this[string name] => Devices.Single(device => device.Name == name);

    /// <summary>Bytes that a device's bus thread allocates from one state to the hundredth after it, at least.</summary>
    /// <remarks>
    /// A starved machine lets an arm change its state, which costs what telling of it costs; a loop that allocates does so in every
    /// hundred. So the least of ten is taken, and no further one is needed once it is next to nothing.
    /// </remarks>
    public async Task<long> AllocatesOverHundredStates(string device)
    {
        const int next = 500;
        var (states, rounds) = (0, 0);
        var (first, least) = (0L, long.MaxValue);
        this[device].AddSink((in FrameHeader _, ReadOnlySpan<double> _, FrameEcho? _) =>
        {
            var bytes = GC.GetAllocatedBytesForCurrentThread();
            if (states++ == 0)
                first = bytes;
            if (states <= 100)
                return;
            Volatile.Write(ref least, Math.Min(least, bytes - first));
            (states, rounds) = (0, rounds + 1);
        });
        await Eventually.Holds(
            "a hundred states are sent, ten times", () => Volatile.Read(ref least) <= next || Volatile.Read(ref rounds) >= 10, TimeSpan.FromSeconds(60));
        return Volatile.Read(ref least);
    }

    /// <summary>Ends it as Ctrl-C does.</summary>
    public Task StopAsync() => service.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        telemetry.Dispose();
    }
}
