using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Tests.Silo.Arena;

/// <summary>The requirement's own clients, in another language's standard WebSocket, against a real silo.</summary>
public sealed class NodeTests(ArenaSilo arena) : IClassFixture<ArenaSilo>
{

    [Theory]
    [InlineData("round-trip")]
    [InlineData("heartbeat")]
    [InlineData("second-master")]
    [InlineData("takeover")]
    [InlineData("panel-lock")]
    [InlineData("unknown-robot")]
    public async Task A_client_in_JavaScript_is_served(string scenario)
    {
        await using var node = await RunAsync(scenario, arena.Address, await arena.MakeRobotAsync());

        await EndsWellAsync(node);
    }

    [Fact]
    public async Task A_client_in_JavaScript_comes_back_after_a_cut()
    {
        await using var proxy = new CuttingProxy(arena.Address.Port);
        await using var node = await RunAsync("reconnect", new Uri($"http://127.0.0.1:{proxy.Port}"), await arena.MakeRobotAsync());

        await node.PrintsAsync("connected");
        proxy.Cut();

        await EndsWellAsync(node);
    }

    [Fact]
    public async Task A_client_in_JavaScript_is_told_the_sequence_that_begins()
    {
        var robot = await arena.MakeRobotAsync();
        await using var node = await RunAsync("sequence", arena.Address, robot);

        await node.PrintsAsync("connected");
        var played = await arena.Silo.Service<IRobotEngine>().ApplyAsync(
            robot, new RobotRequest.Play(new SequenceMotion(Demonstrations.All[0]), true, false), CancellationToken.None);

        Assert.Null(played.Refused);
        await EndsWellAsync(node);
    }

    private static Task<RunningProcess> RunAsync(string scenario, Uri silo, string robot) =>
        Node.StartAsync(Path.Combine(AppContext.BaseDirectory, "Arena", "scenarios.mjs"), scenario, silo.ToString(), robot);

    private static async Task EndsWellAsync(RunningProcess node) =>
        Assert.True(await node.ExitsAsync(TimeSpan.FromSeconds(30)) == 0, node.Output);
}
