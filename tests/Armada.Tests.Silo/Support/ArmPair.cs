using Armada.Silo.Options;
using Armada.Testing.Devices;

namespace Armada.Tests.Silo.Support;

/// <summary>A silo with one robot, a leader as its master and a follower as its slave.</summary>
internal sealed class ArmPair : IAsyncDisposable
{
    public const string Robot = "arm";

    private ArmPair(RunningSilo silo, ScriptedDevice leader, ScriptedDevice follower)
    {
        Silo = silo;
        Leader = leader;
        Follower = follower;
    }

    public RunningSilo Silo { get; }

    public ScriptedDevice Leader { get; }

    public ScriptedDevice Follower { get; }

    /// <summary>Starts all of it and waits until the leader commands the follower.</summary>
    public static async Task<ArmPair> StartAsync(Broker broker, Func<SiloOptions, SiloOptions>? with = null)
    {
        var silo = await RunningSilo.StartAsync(broker, with);
        var pair = new ArmPair(
            silo,
            await broker.ConnectAsync(silo.Topics, "leader"),
            await broker.ConnectAsync(silo.Topics, "follower"));
        await silo.MakeRobotAsync(Robot);
        await silo.BindMasterAsync(Robot, "leader");
        await silo.BindSlaveAsync(Robot, "follower");
        await pair.Follower.CommandedAsync("the follower is commanded");
        return pair;
    }

    public async ValueTask DisposeAsync()
    {
        await Leader.DisposeAsync();
        await Follower.DisposeAsync();
        await Silo.DisposeAsync();
    }
}
