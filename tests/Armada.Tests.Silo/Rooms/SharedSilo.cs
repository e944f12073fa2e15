using Armada.Silo.Rooms;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Rooms;

/// <summary>One silo for all tests of a class, one after the other; see <see cref="RoomSilo"/>.</summary>
public sealed class SharedSilo : IAsyncLifetime, IAsyncDisposable
{
    private readonly Broker broker = new();
    private readonly RoomTiming timing;

    public SharedSilo()
        : this(new RoomTiming())
    {
    }

    internal SharedSilo(RoomTiming timing) => this.timing = timing;

    internal RunningSilo Silo { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await broker.InitializeAsync();
        Silo = await RunningSilo.StartAsync(broker, adjust: services => services.AddSingleton(timing));
    }

    public async Task DisposeAsync()
    {
        await Silo.DisposeAsync();
        await broker.DisposeAsync();
    }

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();
}
