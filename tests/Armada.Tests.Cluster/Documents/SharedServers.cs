using Armada.Testing.Brokers;

namespace Armada.Tests.Cluster.Documents;

/// <summary>One Redis and one MQTT broker for a class; each test has its own ids in them.</summary>
public sealed class SharedServers : IAsyncLifetime
{
    public Redis Redis { get; private set; } = null!;

    public Mosquitto Broker { get; private set; } = null!;

    public async Task InitializeAsync() => (Redis, Broker) = (await Redis.StartAsync(), await Mosquitto.StartAsync());

    public async Task DisposeAsync()
    {
        await Broker.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
