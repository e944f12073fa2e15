using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Rooms;

/// <summary>One silo for all tests of a class, one after the other; see <see cref="RoomSilo"/>.</summary>
public sealed class SharedSilo : IAsyncLifetime
{
    private readonly Broker broker = new();

    internal RunningSilo Silo { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await broker.InitializeAsync();
        Silo = await RunningSilo.StartAsync(broker);
    }

    public async Task DisposeAsync()
    {
        await Silo.DisposeAsync();
        await broker.DisposeAsync();
    }
}
