using Armada.Core.Topics;
using Armada.Testing.Brokers;
using Armada.Testing.Devices;

namespace Armada.Tests.Silo.Support;

/// <summary>One mosquitto for all tests of a class; each test has a topic root of its own.</summary>
public sealed class Broker : IAsyncLifetime
{
    private static int roots;

    public Mosquitto Mosquitto { get; private set; } = null!;

    public static TopicMap NextTopics() => new($"test/{Interlocked.Increment(ref roots)}");

    /// <summary>Connects a device; several silos' devices may have the same names here.</summary>
    public Task<ScriptedDevice> ConnectAsync(TopicMap topics, string name, bool silent = false) =>
        ScriptedDevice.StartAsync(Mosquitto.Port, topics, name, name + topics.Root.Replace('/', '-'), silent: silent);

    public async Task InitializeAsync() => Mosquitto = await Mosquitto.StartAsync();

    public async Task DisposeAsync() => await Mosquitto.DisposeAsync();
}
