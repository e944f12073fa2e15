using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Arena;

/// <summary>One silo for all tests of a class, a robot for each.</summary>
public sealed class ArenaSilo : IAsyncLifetime
{
    private readonly Broker broker = new();
    private int robots;

    public Uri Address => Silo.Http.BaseAddress!;

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

    /// <summary>A new robot's id.</summary>
    public async Task<string> MakeRobotAsync()
    {
        var robot = $"arm-{Interlocked.Increment(ref robots)}";
        await Silo.MakeRobotAsync(robot);
        return robot;
    }
}
