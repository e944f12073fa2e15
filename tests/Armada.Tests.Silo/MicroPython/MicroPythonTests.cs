using System.Text;
using System.Text.Json.Nodes;
using Armada.Core.Control;
using Armada.Core.Devices;
using Armada.Core.MicroPython;
using Armada.Core.Routing;
using Armada.Silo.MicroPython;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.MicroPython;

/// <summary>MicroPython leaders and followers at a real broker, which know neither epochs nor control messages.</summary>
public sealed class MicroPythonTests(Broker broker) : IClassFixture<Broker>
{
    private const string Robot = "arm";
    private const string Thing = "XIAOLerobotArmLeaderAWS";
    private const int Malformed = 1330;
    private static readonly double[] Pose = [10, -20, 30, -5, 15, 45];

    [Fact]
    public async Task A_leader_moves_a_follower_of_its_kind_in_degrees()
    {
        await using var silo = await StartAsync();
        await BindAsync(silo, "board");
        await using var follower = await Board.FollowAsync(broker, Topics(silo), "board");
        await using var leader = Board.Lead(broker, Topics(silo), Thing);

        await using var moving = Repeat(leader, Pose);

        await Eventually.Holds(() => $"the follower is at the leader's pose; it is at {string.Join(' ', follower.Pose ?? [])}", () => follower.IsAt(Pose));
        Assert.Equal("board", follower.Told[^1].Message["device_name"]!.GetValue<string>());
        var master = (await silo.GetAsync($"/api/v1/robots/{Robot}/master"))!;
        Assert.Equal(("device", Thing, "live"), (Text(master, "type"), Text(master, "name"), Text(master, "state")));
        Assert.Null(master["reported"]);
        Assert.Equal("live", Text(await silo.GetAsync($"/api/v1/robots/{Robot}/slaves/board"), "state"));
    }

    [Fact]
    public async Task A_leader_moves_a_follower_that_speaks_frames()
    {
        await using var silo = await StartAsync();
        await using var follower = await broker.ConnectAsync(silo.Topics, "follower");
        await silo.BindSlaveAsync(Robot, "follower");
        await using var leader = Board.Lead(broker, Topics(silo), Thing);

        await using var moving = Repeat(leader, [0.5, -0.5, 1, 0, 0, -8.9]); // Close to the follower's pose: no approach, no wait.

        await follower.CommandedAsync("it is commanded the gripper in percent", command =>
            Math.Abs(command.Positions[0] - 0.5) < 0.02 && Math.Abs(command.Positions[5] - 1) < 0.02);
        Assert.Equal(await silo.EpochAsync(Robot), follower.Commands.Last().Header.Epoch);
        Assert.True(follower.CountOf(ControlOp.StreamStart) > 0);
    }

    [Fact]
    public async Task A_leader_that_falls_silent_loses_its_lease_and_gets_it_again_with_its_next_pose()
    {
        await using var silo = await StartAsync();
        await using var leader = Board.Lead(broker, Topics(silo), Thing);
        await using (Repeat(leader, Pose))
            await MasterIsAsync(silo, "live");
        var epoch = await silo.EpochAsync(Robot);
        await MasterIsAsync(silo, "lost");

        await using var moving = Repeat(leader, Pose);

        await MasterIsAsync(silo, "live");
        Assert.True(await silo.EpochAsync(Robot) > epoch);
    }

    [Fact]
    public async Task After_a_stop_a_follower_is_told_nothing_and_after_the_reset_the_pose_again()
    {
        await using var silo = await StartAsync();
        await BindAsync(silo, "board");
        await using var follower = await Board.FollowAsync(broker, Topics(silo), "board");
        await using var leader = Board.Lead(broker, Topics(silo), Thing);
        await using (Repeat(leader, Pose))
        {
            await Eventually.Holds("the follower moves", () => follower.Told.Length > 5);
            await silo.PostAsync($"/robots/{Robot}/stop");
            await StoppedFramesAsync(silo, 20); // Whatever was under way when the stop was answered has come by now.
            var told = follower.Told.Length;

            await StoppedFramesAsync(silo, 60); // More than a second: twice the time after which a pose is said again.

            Assert.Equal(told, follower.Told.Length);
        }

        await silo.PostAsync($"/robots/{Robot}/reset");
        await using var moving = Repeat(leader, Pose);
        await Eventually.Holds("the follower is at the leader's pose", () => follower.IsAt(Pose));
    }

    [Fact]
    public async Task A_follower_is_told_50_poses_a_second_at_most_and_a_still_one_twice_a_second()
    {
        await using var silo = await StartAsync();
        await BindAsync(silo, "board");
        await using var follower = await Board.FollowAsync(broker, Topics(silo), "board");
        await using var leader = await broker.ConnectAsync(silo.Topics, "leader"); // 100 frames a second.
        leader.Pose = [40, 0, 0, 0, 0, 0];
        await silo.BindMasterAsync(Robot, "leader", takeover: true);
        await Eventually.Holds("the follower has arrived", () => follower.Pose is { } pose && Math.Abs(pose[0] - 40) < 0.1);
        var still = follower.Told.Length;

        leader.Pose = [40.05, 0, 0, 0, 0, 0]; // Within the dead-band.
        await Eventually.Holds("it is told again", () => follower.Told.Length >= still + 4);

        var told = follower.Told;
        var moving = told[..still];
        Assert.True(moving.Length > 20, $"it approaches in {moving.Length} steps");
        for (var first = 0; first + 10 < moving.Length; first++) // Ten intervals of 20 ms, less one message that may come early and the way here.
            Assert.True(moving[first + 10].At - moving[first].At > 0.15, $"11 messages within {moving[first + 10].At - moving[first].At} s");
        for (var next = still + 1; next < still + 4; next++)
            Assert.InRange(told[next].At - told[next - 1].At, 0.3, 5);
    }

    [Fact]
    public async Task What_is_told_to_a_follower_is_taken_for_no_leaders_pose()
    {
        await using var silo = await StartAsync();
        await BindAsync(silo, "board");
        await using var follower = await Board.FollowAsync(broker, Topics(silo), "board");
        await using var leader = Board.Lead(broker, Topics(silo), Thing);
        await using var moving = Repeat(leader, Pose);
        await Eventually.Holds("the follower is told poses, and the silo hears them too", () => follower.Told.Length > 20);

        Assert.Equal(0, silo.Telemetry.UnknownDevice);
        Assert.Equal(0, silo.Telemetry.Frames(DeviceRole.Slave, FrameResult.NotBound));
        Assert.Equal(0, silo.Telemetry.Frames(DeviceRole.Slave, FrameResult.Accepted));
        Assert.Equal(409, (await silo.AskAsync(HttpMethod.Put, $"/api/v1/robots/{Robot}/master", new { type = "device", device = "board" })).Status);
    }

    [Fact]
    public async Task Malformed_poses_are_counted_and_logged_at_most_once_a_second_and_the_next_good_one_is_taken()
    {
        await using var silo = await StartAsync();
        await using var leader = Board.Lead(broker, Topics(silo), Thing);
        foreach (var line in new[] { "no JSON", "{}", """{"servo_1_shoulder_pan":"left"}""", """{"servo_1_shoulder_pan":1e9}""", "[" })
            await leader.SendTextAsync(line);

        await Eventually.Holds("all are counted", () => silo.Telemetry.MalformedDialect == 5);
        Assert.InRange(silo.Logs.Of(Malformed).Count, 1, 2);
        Assert.Equal(5, (await silo.GetAsync("/api/v1/fleet"))["frames_dropped"]!["malformed-dialect"]!.GetValue<int>());
        await using var moving = Repeat(leader, Pose);
        await MasterIsAsync(silo, "live");
    }

    [Fact]
    public async Task Poses_that_still_arrive_of_a_thing_that_leads_no_robot_are_counted()
    {
        await using var silo = await StartAsync();

        silo.Service<MicroPythonIngress>().OnState(Encoding.UTF8.GetBytes(Topics(silo).Of("stranger")), "{}"u8);

        Assert.Equal(1, silo.Telemetry.UnknownDevice);
    }

    private async Task<RunningSilo> StartAsync()
    {
        var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync(Robot);
        await silo.BindMasterAsync(Robot, Thing);
        return silo;
    }

    private static Task<JsonNode?> BindAsync(RunningSilo silo, string thing) =>
        silo.SendAsync(HttpMethod.Post, $"/api/v1/robots/{Robot}/slaves", new { type = "micropython", device = thing });

    private static MicroPythonTopics Topics(RunningSilo silo) => silo.Service<MicroPythonTopics>();

    private static string? Text(JsonNode node, string member) => node[member]?.GetValue<string>();

    private static Task MasterIsAsync(RunningSilo silo, string state) => Eventually.Holds(
        $"the master is {state}", () => Text(silo.GetAsync($"/api/v1/robots/{Robot}/master").GetAwaiter().GetResult(), "state") == state);

    private static Task StoppedFramesAsync(RunningSilo silo, int more)
    {
        var before = Stopped();
        return Eventually.Holds($"{more} poses of the leader meet the stop", () => Stopped() >= before + more);

        long Stopped() => silo.Telemetry.Frames(DeviceRole.Master, FrameResult.Stopped);
    }

    /// <summary>The leader says a pose 50 times a second until the result is disposed.</summary>
    private static Repetition Repeat(Board.Leader leader, double[] pose) => new(leader, pose);

    private sealed class Repetition : IAsyncDisposable
    {
        private readonly PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        private readonly Task running;

        public Repetition(Board.Leader leader, double[] pose) => running = RunAsync(leader, pose);

        public async ValueTask DisposeAsync()
        {
            timer.Dispose();
            await running;
        }

        private async Task RunAsync(Board.Leader leader, double[] pose)
        {
            while (await timer.WaitForNextTickAsync())
                await leader.SendAsync(pose);
        }
    }
}
