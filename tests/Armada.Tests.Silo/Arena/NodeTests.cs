using Armada.Domain.Engine;
using Armada.Domain.Motions;
using Armada.Domain.Robots;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Arena;

/// <summary>The requirement's own clients, in another language's standard WebSocket, against a real silo.</summary>
public sealed class NodeTests(Broker broker) : IClassFixture<Broker>
{
    private const string Robot = "arm";

    [Theory]
    [InlineData("round-trip")]
    [InlineData("heartbeat")]
    [InlineData("second-master")]
    [InlineData("takeover")]
    [InlineData("panel-lock")]
    [InlineData("unknown-robot")]
    public async Task A_client_in_JavaScript_is_served(string scenario)
    {
        await using var silo = await StartAsync();
        await using var node = Run(scenario, silo.Http.BaseAddress!);

        await EndsWellAsync(node);
    }

    [Fact]
    public async Task A_client_in_JavaScript_comes_back_after_a_cut()
    {
        await using var silo = await StartAsync();
        await using var proxy = new CuttingProxy(silo.Http.BaseAddress!.Port);
        await using var node = Run("reconnect", new Uri($"http://127.0.0.1:{proxy.Port}"));

        await node.PrintsAsync("connected");
        proxy.Cut();

        await EndsWellAsync(node);
    }

    [Fact]
    public async Task A_client_in_JavaScript_is_told_the_sequence_that_begins()
    {
        await using var silo = await StartAsync();
        await using var node = Run("sequence", silo.Http.BaseAddress!);

        await node.PrintsAsync("connected");
        var played = await silo.Service<IRobotEngine>().ApplyAsync(
            Robot, new RobotRequest.Play(new SequenceMotion(Demonstrations.All[0]), true, false), CancellationToken.None);

        Assert.Null(played.Refused);
        await EndsWellAsync(node);
    }

    // Node 20 has a standard WebSocket only behind this option, which later versions know and need no more.
    private static RunningProcess Run(string scenario, Uri silo) => RunningProcess.Start(
        "node",
        ["--experimental-websocket", Path.Combine(AppContext.BaseDirectory, "Arena", "scenarios.mjs"), scenario, silo.ToString(), Robot],
        new Dictionary<string, string> { ["NODE_NO_WARNINGS"] = "1" });

    private static async Task EndsWellAsync(RunningProcess node) =>
        Assert.True(await node.ExitsAsync(TimeSpan.FromSeconds(30)) == 0, node.Output);

    private async Task<RunningSilo> StartAsync()
    {
        var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync(Robot);
        return silo;
    }
}
