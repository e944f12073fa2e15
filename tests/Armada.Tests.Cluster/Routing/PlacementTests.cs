using Armada.Grains.Robots;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.Cluster.Documents;

namespace Armada.Tests.Cluster.Routing;

/// <summary>Robots that stand still move to where they should run.</summary>
public sealed class PlacementTests(SharedServers servers) : IClassFixture<SharedServers>, IDisposable
{
    private const int Robots = 12;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly FailOnLoggedErrors logs = new();

    public void Dispose() => logs.Dispose();

    [Fact]
    public async Task A_robot_follows_its_master_to_its_silo_once_it_stands_still()
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs);
        var leader = await silos.ConnectAsync(0, "leader");
        var follower = await silos.ConnectAsync(1, "follower");
        await silos.MakeRobotAsync(1, "arm", "leader", "follower");
        var sent = leader.Sent;
        await Eventually.Holds("the leader moves for a while", () => leader.Sent > sent + 500);
        Assert.True(silos.Runs("arm", 1), "the robot has moved while its master did");

        leader.IsStill = true;

        await Eventually.Holds("the robot runs where its master is connected", () => silos.Runs("arm", 0) && !silos.Runs("arm", 1), Soon);
        leader.IsStill = false;
        await follower.CommandedAsync("the follower is commanded again");
    }

    [Fact]
    public async Task A_silo_that_joins_gets_its_share_of_the_robots_that_stand_still()
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs, count: 1);
        for (var robot = 0; robot < Robots; robot++)
            await silos.AskAsync(HttpMethod.Post, "/robots", new { id = $"arm-{robot}", model = "so101" });

        await silos.AddAsync();

        await Eventually.Holds("both silos have robots", () => silos[1].Of<HostedRobots>().Count > 1 && silos[0].Of<HostedRobots>().Count + silos[1].Of<HostedRobots>().Count == Robots, Soon);
        Assert.True(silos[0].Of<HostedRobots>().Count > 1);
    }
}
