using Armada.Core.Topics;
using Armada.Testing.Brokers;

namespace Armada.Tests.Silo.Support;

/// <summary>One mosquitto for all tests of a class; each test has a topic root of its own.</summary>
public sealed class Broker : IAsyncLifetime
{
    private static int roots;

    public Mosquitto Mosquitto { get; private set; } = null!;

    public static TopicMap NextTopics() => new($"test/{Interlocked.Increment(ref roots)}");

    public async Task InitializeAsync() => Mosquitto = await Mosquitto.StartAsync();

    public async Task DisposeAsync() => await Mosquitto.DisposeAsync();
}
