using System.Net;
using Armada.Core.Engine;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Engine;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Armada.Tests.Cluster.Conformance;

/// <summary>
/// Silos in this process, with links without broker. The robots' time goes on by hand, the cluster's by itself. They serve one case after
/// another, each of which finds them without robots.
/// </summary>
/// <param name="count">How many; more than one need Redis, and so do gateways.</param>
public abstract class SilosUnderTest(int count, int gatewayCount = 0) : IAsyncLifetime
{
    private readonly string id = $"test-{Guid.NewGuid():n}";
    private readonly List<SiloUnderTest> silos = [];
    private readonly List<SiloUnderTest> gateways = [];
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("armada-test-");
    private Testing.Brokers.Redis? redis;
    private HeardByDevices devices = new();
    private FailOnLoggedErrors? logs;
    private int life;

    internal IReadOnlyList<SiloUnderTest> Silos => silos;

    internal IReadOnlyList<SiloUnderTest> Gateways => gateways;

    internal HandTime Time { get; } = new();

    /// <summary>Every write of a robot's document fails until the result is disposed.</summary>
    internal IDisposable BreakStorage(string robot) => redis is null
        ? new BrokenRecord(Path.Combine(folder.FullName, "silo-0", "armada.db"), robot)
        : new BrokenKey(redis.Address, $"{id}/state/armada.robot/{robot}/robot");

    public async Task InitializeAsync() => redis = count + gatewayCount > 1 ? await Testing.Brokers.Redis.StartAsync() : null;

    public async Task DisposeAsync()
    {
        await EndAsync();
        if (redis is not null)
            await redis.DisposeAsync();
        folder.Delete(recursive: true);
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
        await EndAsync();
        await StartAsync();
    }

    private async Task StartAsync()
    {
        life++;
        for (var index = 0; index < count + gatewayCount; index++)
        {
            var role = index < count ? SiloRole.Both : SiloRole.Gateway;
            var place = redis is null
                ? null
                : new SiloClusterOptions(
                    $"{id}-{life}", id, redis.Address, new IPEndPoint(IPAddress.Loopback, FreePort.Next()), FreePort.Next(), Role: role);
            var silo = new SiloUnderTest(Path.Combine(folder.FullName, $"silo-{index}"), place, Time, new Relay(this), (topic, payload) => devices.Hear(topic, payload));
            (role == SiloRole.Both ? silos : gateways).Add(silo);
            await silo.StartAsync();
        }

        await Eventually.Holds("all silos see all", () => silos.Concat(gateways).All(silo => silo.Of<IEngineHealth>().Now is { Loaded: true } health && health.Silos == count));
    }

    private async Task EndAsync()
    {
        foreach (var silo in gateways.Concat(silos)) // One after another, as a rolling stop does: the first hands over to the second.
            await silo.DisposeAsync();
        gateways.Clear();
        silos.Clear();
    }

    /// <summary>Logs into the case that runs.</summary>
    private sealed class Relay(SilosUnderTest silos) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new Logger(silos, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(SilosUnderTest silos, string category) : ILogger
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

    /// <summary>A key of another kind in the place of a grain's: no script of the store can write it.</summary>
    private sealed class BrokenKey : IDisposable
    {
        private readonly ConnectionMultiplexer client;
        private readonly string key;
        private readonly bool wasThere;

        public BrokenKey(string address, string key)
        {
            this.key = key;
            client = ConnectionMultiplexer.Connect(address);
            var store = client.GetDatabase();
            wasThere = store.KeyExists(key) && store.KeyRename(key, Kept);
            store.StringSet(key, "no hash");
        }

        private string Kept => $"{key}/kept";

        public void Dispose()
        {
            client.GetDatabase().KeyDelete(key);
            if (wasThere)
                client.GetDatabase().KeyRename(Kept, key);
            client.Dispose();
        }
    }
}

/// <summary>A silo on a real Redis, and its gateway.</summary>
public sealed class SiloAndGateway() : SilosUnderTest(1, gatewayCount: 1);

/// <summary>Two silos on a real Redis.</summary>
public sealed class TwoSilos() : SilosUnderTest(2);

/// <summary>One silo with its embedded storage.</summary>
public sealed class OneSilo() : SilosUnderTest(1);
