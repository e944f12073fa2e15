using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Armada.Core.Control;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Devices;
using Armada.Testing.Logging;
using Armada.Tests.Cluster.Documents;

namespace Armada.Tests.Cluster.Routing;

/// <summary>Robots whose devices are connected to other silos than the one where they run.</summary>
public sealed class HopTests(SharedServers servers) : IClassFixture<SharedServers>, IDisposable
{
    private const string Robot = "arm";
    private static readonly double[] Raised = [10, -20, 30, -5, 15, 40];

    private readonly FailOnLoggedErrors logs = new();

    public void Dispose() => logs.Dispose();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public async Task A_leader_moves_a_follower_and_a_stop_reaches_it_wherever_the_two_are_connected(int leaderAt, int followerAt)
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs);
        var leader = await silos.ConnectAsync(leaderAt, "leader");
        var follower = await silos.ConnectAsync(followerAt, "follower");
        await silos.MakeRobotAsync(1, Robot, "leader", "follower");
        await MovesAsync(leader, follower);

        await silos.AskAsync(HttpMethod.Post, $"/robots/{Robot}/stop");

        await Eventually.Holds("the stop reaches the follower", () => follower.CountOf(ControlOp.Stop) == 1);
        await Eventually.HoldsAsync(
            "the follower has confirmed it",
            async () => (await silos.AskAsync(HttpMethod.Get, $"/robots/{Robot}/slaves/follower"))!["unanswered"] is null);
        Assert.Equal(1, follower.CountOf(ControlOp.Stop));
    }

    [Fact]
    public async Task A_robot_that_runs_nowhere_routes_nothing()
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs);
        var leader = await silos.ConnectAsync(0, "leader");
        var follower = await silos.ConnectAsync(0, "follower");
        Assert.Empty(follower.Commands);
        await silos.MakeRobotAsync(1, Robot, "leader", "follower");
        await MovesAsync(leader, follower);

        await silos.AskAsync(HttpMethod.Delete, $"/robots/{Robot}");
        await Eventually.Holds("the robot has ended", () => !silos.Runs(Robot, 0) && !silos.Runs(Robot, 1));
        var sent = leader.Sent;
        await Eventually.Holds("the last commands have come", () => leader.Sent > sent + 20);
        var commands = follower.Commands.Count;
        await Eventually.Holds("the leader goes on", () => leader.Sent > sent + 100);

        Assert.Equal(commands, follower.Commands.Count);
    }

    [Fact]
    public async Task Devices_and_robots_that_move_find_each_other_again()
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs, count: 3);
        var leader = await silos.ConnectAsync(0, "leader", instance: "one");
        var follower = await silos.ConnectAsync(1, "follower", instance: "two");
        await silos.MakeRobotAsync(2, Robot, "leader", "follower");
        await MovesAsync(leader, follower);

        await follower.MoveAsync(silos.PortOf(2));
        await MovesAsync(leader, follower);
        await leader.MoveAsync(silos.PortOf(1));
        await MovesAsync(leader, follower);
        await silos.MoveAsync(Robot, 0);
        await MovesAsync(leader, follower);
    }

    [Fact]
    public async Task What_a_device_says_of_itself_is_known_to_every_silo()
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs);
        var follower = await silos.ConnectAsync(0, "follower");
        follower.Say(online: true);
        await silos.ConnectAsync(0, "leader");
        await silos.MakeRobotAsync(1, Robot, "leader", "follower");

        await OnlineIsAsync(true, asked: 1);
        follower.Say(online: false);
        await OnlineIsAsync(false, asked: 1);
        follower.Say(online: true);
        await OnlineIsAsync(true, asked: 0);

        Task OnlineIsAsync(bool online, int asked) => Eventually.HoldsAsync(
            $"silo {asked} says that the follower is {(online ? "online" : "offline")}",
            async () => (await silos.AskAsync(HttpMethod.Get, $"/robots/{Robot}/slaves/follower", silo: asked))!["reported"]?["online"]?.GetValue<bool>() == online);
    }

    [Fact]
    public async Task Devices_at_gateways_reach_robots_in_silos_that_serve_no_devices()
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs, count: 0);
        await silos.AddAsync(SiloRole.Silo);
        await silos.AddAsync(SiloRole.Gateway);
        await silos.AddAsync(SiloRole.Gateway);
        var leader = await silos.ConnectAsync(1, "leader");
        var follower = await silos.ConnectAsync(2, "follower");
        await silos.MakeRobotAsync(0, Robot, "leader", "follower");
        await MovesAsync(leader, follower);

        await silos.AskAsync(HttpMethod.Post, $"/robots/{Robot}/stop");

        await Eventually.Holds("the stop reaches the follower", () => follower.CountOf(ControlOp.Stop) == 1);
        await Eventually.HoldsAsync(
            "the follower has confirmed it",
            async () => (await silos.AskAsync(HttpMethod.Get, $"/robots/{Robot}/slaves/follower"))!["unanswered"] is null);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_tap_shows_a_device_at_whichever_silo_it_is_asked_for_and_each_message_once(int asked)
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs);
        var leader = await silos.ConnectAsync(1, "leader");
        var follower = await silos.ConnectAsync(1 - asked, "follower");
        await silos.MakeRobotAsync(1, Robot, "leader", "follower");
        await MovesAsync(leader, follower);
        using var response = await silos[asked].Http.GetAsync(new Uri("/api/v1/devices/follower/tap", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        var (topics, commands) = (new ConcurrentDictionary<string, bool>(), new ConcurrentQueue<uint>());
        using var ending = new CancellationTokenSource();
        var reading = ReadAsync();

        await Eventually.Holds("commands are shown", () => commands.Count > 10);
        await Eventually.HoldsAsync("control messages and replies are shown", async () =>
        {
            await silos.AskAsync(HttpMethod.Post, $"/robots/{Robot}/stop");
            await silos.AskAsync(HttpMethod.Post, $"/robots/{Robot}/reset");
            return topics.ContainsKey("armada/v1/follower/ctl") && topics.ContainsKey("armada/v1/follower/ctl/reply");
        });
        await ending.CancelAsync();
        await reading;

        Assert.Contains("armada/v1/follower/state", topics.Keys);
        Assert.Equal(commands.Distinct(), commands);

        async Task ReadAsync()
        {
            try
            {
                while (await lines.ReadLineAsync(ending.Token) is { } line)
                {
                    var shown = JsonNode.Parse(line)!;
                    var topic = shown["topic"]!.GetValue<string>();
                    topics[topic] = true;
                    if (topic.EndsWith("/cmd", StringComparison.Ordinal))
                        commands.Enqueue(shown["frames"]![0]!["sequence"]!.GetValue<uint>());
                }
            }
            catch (OperationCanceledException)
            {
                return; // All is seen.
            }
        }
    }

    private static async Task MovesAsync(ScriptedDevice leader, ScriptedDevice follower)
    {
        leader.Pose = [.. Raised.Select(joint => joint + Random.Shared.Next(-4, 5))];
        await follower.CommandedAsync("the follower is at the leader's pose", command => Math.Abs(command.Positions[0] - leader.Pose[0]) < 0.1);
    }
}
