using System.Net;
using Armada.Core.Engine;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Engine;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Cluster.Conformance;

/// <summary>
/// Two silos in one process, on a real Redis, with links without broker. The robots' time goes on by hand, the cluster's by itself. They
/// serve one case after another, each of which finds them without robots.
/// </summary>
public sealed class TwoSilos : IAsyncLifetime
{
    private const int Count = 2;

    private readonly string id = $"test-{Guid.NewGuid():n}";
    private readonly List<SiloUnderTest> silos = [];
    private Testing.Brokers.Redis? redis;
    private HeardByDevices devices = new();
    private FailOnLoggedErrors? logs;
    private int life;

    internal IReadOnlyList<SiloUnderTest> Silos => silos;

    internal HandTime Time { get; } = new();

    internal string RedisAddress => redis!.Address;

    /// <summary>The key of a robot's document.</summary>
    internal string KeyOf(string robot) => $"{id}/state/armada.robot/{robot}/robot";

    public async Task InitializeAsync() => redis = await Testing.Brokers.Redis.StartAsync();

    public async Task DisposeAsync()
    {
        await EndAsync();
        await redis!.DisposeAsync();
        GC.Collect(); // What Orleans leaves unobserved when a silo ends is looked at here, and not in the next class's first case.
        GC.WaitForPendingFinalizers();
    }

    /// <summary>A case begins: what is logged and published is its own from now on.</summary>
    internal async Task BeginAsync(FailOnLoggedErrors logs, HeardByDevices devices)
    {
        (this.logs, this.devices) = (logs, devices);
        if (silos.Count == 0)
            await StartAsync();
    }

    /// <summary>A case ends: nothing of it is left.</summary>
    internal async Task ClearAsync()
    {
        var engine = silos[0].Of<IRobotEngine>();
        foreach (var robot in await engine.ListAsync(CancellationToken.None))
            Assert.Null((await engine.DeleteAsync(robot.Document.Id, CancellationToken.None)).Refused);
        Assert.Null(await engine.SetFleetStopAsync(false, CancellationToken.None));
    }

    internal async Task RestartAsync()
    {
        logs!.Expect("SelectTargetFailed"); // Orleans' word for a call to a silo that is about to stop; it is made again elsewhere.
        await EndAsync();
        await StartAsync();
    }

    private async Task StartAsync()
    {
        life++;
        for (var index = 0; index < Count; index++)
        {
            var place = new SiloClusterOptions($"{id}-{life}", id, RedisAddress, new IPEndPoint(IPAddress.Loopback, FreePort.Next()), FreePort.Next());
            var silo = new SiloUnderTest(place, Time, new Relay(this), (topic, payload) => devices.Hear(topic, payload));
            silos.Add(silo);
            await silo.StartAsync();
        }

        await Eventually.Holds("both silos see both", () => silos.All(silo => silo.Of<IEngineHealth>().Now is { Loaded: true, Silos: Count }));
    }

    private async Task EndAsync()
    {
        foreach (var silo in silos) // One after another, as a rolling stop does: the first hands over to the second.
            await silo.DisposeAsync();
        silos.Clear();
    }

    /// <summary>Logs into the case that runs.</summary>
    private sealed class Relay(TwoSilos silos) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new Logger(silos, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(TwoSilos silos, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

            public void Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (IsEnabled(logLevel))
                    silos.logs?.CreateLogger(category).Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
