using Armada.Core.Engine;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Cluster.Documents;

/// <summary>Two whole silos of one cluster, on a real Redis and a real broker.</summary>
internal sealed class TwoSilos(SharedServers servers, FailOnLoggedErrors logs, Func<SiloOptions, SiloOptions>? with = null) : IAsyncDisposable
{
    // Logged by a silo that ends while one of its own loops asks a grain.
    private const string AskedWhileEnding = "SelectTargetFailed";

    // Logged by a silo that takes back what it asked of one that has ended.
    private const string TookBackTooLate = "LogErrorCancellingRequests";

    private readonly string id = $"test-{Guid.NewGuid():n}";
    private int life;

    public WholeSilo First => Silos[0];

    public WholeSilo Second => Silos[1];

    public IReadOnlyList<WholeSilo> Silos { get; private set; } = [];

    /// <summary>Makes their folders; nothing runs yet.</summary>
    public void Make() => Silos = [new WholeSilo(servers, id, logs, with), new WholeSilo(servers, id, logs, with)];

    public async Task StartAsync()
    {
        logs.Expect(AskedWhileEnding).Expect(TookBackTooLate);
        if (Silos.Count == 0)
            Make();
        var cluster = $"{id}-{++life}";
        foreach (var silo in Silos)
            await silo.StartAsync(cluster);
        await Eventually.Holds("both silos see both", () => Silos.All(silo => silo.Of<IEngineHealth>().Now is { Loaded: true, Silos: 2 }));
    }

    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in Silos)
            await silo.DisposeAsync();
    }

    private async Task StopAsync()
    {
        foreach (var silo in Silos)
            await silo.StopAsync();
    }
}
