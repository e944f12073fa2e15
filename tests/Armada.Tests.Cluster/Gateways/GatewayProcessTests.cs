using System.Diagnostics;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Processes;
using Armada.Tests.Cluster.Processes;
using Xunit.Abstractions;

namespace Armada.Tests.Cluster.Gateways;

/// <summary>Leader's agent, gateway, robot's grain and runtime, gateway, follower's agent: all real, and lost one after the other while the arms move.</summary>
[Trait("Category", "Timed")]
public sealed class GatewayProcessTests(MovingPair moving, ITestOutputHelper output) : IClassFixture<MovingPair>
{
    // 3 s by design; the rest is for a machine that is busy with everything else at once.
    private static readonly TimeSpan ReturnsWithin = TimeSpan.FromSeconds(3 + 4);

    // An agent takes a gateway for lost that says nothing for 4 s.
    private static readonly TimeSpan ReturnsFromHungWithin = TimeSpan.FromSeconds(4) + ReturnsWithin;
    private static readonly TimeSpan JoinsWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CutWithin = TimeSpan.FromSeconds(1 + 1);

    private readonly GatewaysOfProcesses cluster = moving.Cluster;
    private readonly EmulatedPair pair = moving.Pair;

    [Theory]
    [InlineData(Signal.Kill)]
    [InlineData(Signal.Stop)]
    public async Task A_follower_moves_with_its_leader_through_gateways_whichever_gateway_or_silo_is_lost(Signal signal)
    {
        var within = signal == Signal.Stop ? ReturnsFromHungWithin : ReturnsWithin;
        for (var gateway = 0; gateway < 2; gateway++)
        {
            var lost = Stopwatch.GetTimestamp();
            await cluster.LoseGatewayAsync(gateway, signal);
            await pair.IsAtAsync(cluster.DevicePortOf(1 - gateway), within);
            await pair.FollowsAsync(within - Stopwatch.GetElapsedTime(lost));
            output.WriteLine($"gateway {gateway}, {signal}: both arms were at the other and the follower moved again within {Stopwatch.GetElapsedTime(lost).TotalSeconds:0.0} s");
            await cluster.RestoreGatewayAsync(gateway);
            await Eventually.Holds(() => $"the gateway is back\n{cluster.Logs()}", () => cluster.IsReady(gateway), JoinsWithin);
        }

        var host = cluster.HostOf(MovingPair.Robot);
        var reigns = cluster.ReignsAt(1 - host, MovingPair.Robot);
        var left = Stopwatch.GetTimestamp();
        await cluster.LoseSiloAsync(host, signal);
        await Eventually.Holds(() => $"the robot runs at the other silo\n{cluster.Logs()}", () => cluster.ReignsAt(1 - host, MovingPair.Robot) > reigns, within);
        await pair.FollowsAsync(within - Stopwatch.GetElapsedTime(left));
        output.WriteLine($"silo {host}, {signal}: its robot ran at the other and the follower moved again within {Stopwatch.GetElapsedTime(left).TotalSeconds:0.0} s");
        await cluster.RestoreSiloAsync(host);
        await Eventually.Holds(() => $"the silo is back\n{cluster.Logs()}", () => cluster.IsReady(0) && cluster.IsReady(1), JoinsWithin);
    }

    [Fact]
    public async Task A_device_that_is_revoked_at_one_gateway_is_cut_at_the_other_while_arms_move()
    {
        await using var visitor = await cluster.ConnectAsync(gateway: 1, "visitor");

        var begin = Stopwatch.GetTimestamp();
        await cluster.DeleteAsync(0, "/api/v1/devices/visitor");
        await Eventually.Holds("it is cut", () => visitor.State != LinkState.Up, CutWithin);
        output.WriteLine($"cut after {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:0} ms");

        await pair.FollowsAsync(ReturnsWithin);
    }
}

/// <summary>Two gateways, two silos, and a pair of arms that moves.</summary>
public sealed class MovingPair : IAsyncLifetime
{
    public const string Robot = "pair";

    internal GatewaysOfProcesses Cluster { get; private set; } = null!;

    internal EmulatedPair Pair { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Cluster = await GatewaysOfProcesses.StartAsync();
        Pair = await EmulatedPair.StartAsync(Cluster, Robot);
    }

    public async Task DisposeAsync()
    {
        await Pair.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}
