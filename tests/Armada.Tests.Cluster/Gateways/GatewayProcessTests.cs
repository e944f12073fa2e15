using System.Diagnostics;
using Armada.Testing;
using Armada.Tests.Cluster.Processes;
using Xunit.Abstractions;

namespace Armada.Tests.Cluster.Gateways;

/// <summary>Leader's agent, gateway, robot's grain and runtime, gateway, follower's agent: all real, and killed one after the other.</summary>
[Trait("Category", "Timed")]
public sealed class GatewayProcessTests(ITestOutputHelper output)
{
    // 3 s by design; the rest is for a machine that is busy with everything else at once.
    private static readonly TimeSpan ReturnsWithin = TimeSpan.FromSeconds(3 + 4);
    private static readonly TimeSpan JoinsWithin = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_follower_moves_with_its_leader_through_gateways_whichever_gateway_or_silo_is_killed()
    {
        await using var cluster = await GatewaysOfProcesses.StartAsync();
        await using var pair = await EmulatedPair.StartAsync(cluster, "pair");

        for (var gateway = 0; gateway < 2; gateway++)
        {
            var killed = Stopwatch.GetTimestamp();
            await cluster.KillGatewayAsync(gateway);
            await pair.IsAtAsync(cluster.DevicePortOf(1 - gateway), ReturnsWithin);
            await pair.FollowsAsync(ReturnsWithin - Stopwatch.GetElapsedTime(killed));
            output.WriteLine($"gateway {gateway} killed; both arms were at the other and the follower moved again within {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s");
            cluster.StartGateway(gateway);
            await Eventually.Holds(() => $"the gateway is back\n{cluster.Logs()}", () => cluster.IsReady(gateway), JoinsWithin);
        }

        var (host, epoch) = (cluster.HostOf("pair"), cluster.EpochOf("pair"));
        var lost = Stopwatch.GetTimestamp();
        await cluster.KillSiloAsync(host);
        await Eventually.Holds(() => $"the robot runs at the other silo\n{cluster.Logs()}", () => cluster.EpochOf("pair") > epoch, ReturnsWithin);
        await pair.FollowsAsync(ReturnsWithin - Stopwatch.GetElapsedTime(lost));
        output.WriteLine($"silo {host} killed; its robot ran at the other and the follower moved again within {Stopwatch.GetElapsedTime(lost).TotalSeconds:0.0} s");
    }
}
