using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Engine;

public sealed class RoutingTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task A_follower_reaches_its_leaders_pose_with_the_robots_epoch()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        pair.Leader.Pose = [20, -10, 15, 5, -5, 30];

        await pair.Follower.CommandedAsync(
            "a command has the leader's pose",
            command => command.Positions.Zip(pair.Leader.Pose).All(joint => Math.Abs(joint.First - joint.Second) < 0.1));

        var robot = await pair.Silo.GetAsync("/api/v1/robots/arm");
        Assert.Equal("live", robot["master"]!["state"]!.GetValue<string>());
        Assert.Equal("live", robot["slaves"]![0]!["state"]!.GetValue<string>());
        Assert.Equal(robot["epoch"]!.GetValue<uint>(), pair.Follower.Commands.Last().Header.Epoch);
        Assert.All(pair.Follower.Commands, command => Assert.Equal(300, command.Header.TimeToLiveMs));
    }

    [Fact]
    public async Task Commands_to_a_slave_count_from_one_without_a_gap()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        await Eventually.Holds("the follower gets 50 commands", () => pair.Follower.Commands.Count >= 50);

        var sequences = pair.Follower.Commands.Select(command => command.Header.Sequence).ToArray();

        Assert.Equal(Enumerable.Range(1, sequences.Length).Select(number => (uint)number), sequences);
    }

    [Fact]
    public async Task A_device_may_be_bound_before_it_is_online()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        await silo.BindMasterAsync("arm", "leader");
        await silo.BindSlaveAsync("arm", "follower");
        Assert.Equal("waiting", (await silo.GetAsync("/api/v1/robots/arm/master"))["state"]!.GetValue<string>());

        await using var leader = await broker.ConnectAsync(silo.Topics, "leader");
        await using var follower = await broker.ConnectAsync(silo.Topics, "follower");

        await follower.CommandedAsync("the follower is commanded once both are there");
    }

    [Fact]
    public async Task Every_frame_of_a_payload_is_routed_in_its_order_with_its_own_time()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        pair.Leader.Silent = true;
        var payload = new byte[4 * FrameCodec.MaxSize];
        var (sequence, looks) = (1_000_000u, 0);

        // Again where the machine was so busy that the samples were too old when they came.
        await Eventually.Holds("the last is commanded", () =>
        {
            if (looks++ % 100 == 0)
                Send();
            return pair.Follower.Commands.Any(command => command.Positions[0] == 1.5);
        });

        var routed = pair.Follower.Commands.SkipWhile(command => command.Positions[0] < 0.5).Take(3).ToArray();
        Assert.Equal([0.5, 1, 1.5], routed.Select(command => command.Positions[0]));
        Assert.InRange(routed[2].Header.CapturedAt - routed[0].Header.CapturedAt, 15_000, 25_000);

        void Send()
        {
            var length = 0;
            foreach (var (step, pan) in (ReadOnlySpan<(uint, double)>)[(1, 0.5), (2, 1), (2, 9), (3, 1.5)])
                length += pair.Leader.Write(payload.AsSpan(length), sequence + step, positions: [pan, 0, 0, 0, 0, 0], earlier: 10_000 * (4 - step));
            sequence += 10;
            pair.Leader.SendRaw(payload.AsSpan(0, length));
        }
    }

    [Fact]
    public async Task The_lag_from_echoes_is_shown_with_the_slave()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        pair.Follower.Silent = true;
        var commanded = pair.Follower.Commands.Last().Header;

        pair.Follower.Send(echo: new FrameEcho(commanded.Sequence, commanded.CapturedAt, 0));

        System.Text.Json.Nodes.JsonNode? lag = null;
        await Eventually.Holds(
            "the slave's lag is shown",
            () => (lag = pair.Silo.GetAsync("/api/v1/robots/arm/slaves/follower").GetAwaiter().GetResult()["lag_ms"]) is not null);
        Assert.InRange(lag!["p95"]!.GetValue<double>(), 0.001, 10_000);
    }

    [Fact]
    public async Task An_unbound_master_is_told_to_stop_streaming_and_commands_no_more()
    {
        await using var pair = await ArmPair.StartAsync(broker);

        await pair.Silo.SendAsync(HttpMethod.Delete, "/api/v1/robots/arm/master");
        await Eventually.Holds("the leader is told", () => pair.Leader.CountOf(ControlOp.StreamStop) == 1);

        var before = pair.Leader.Sent;
        await Eventually.Holds("the leader sends further frames", () => pair.Leader.Sent >= before + 10);
        var robot = await pair.Silo.GetAsync("/api/v1/robots/arm");
        Assert.Null(robot["master"]);
        var commands = robot["slaves"]![0]!["commands"]!.GetValue<long>();
        Assert.Equal(commands, (await pair.Silo.GetAsync("/api/v1/robots/arm"))["slaves"]![0]!["commands"]!.GetValue<long>());
    }
}
