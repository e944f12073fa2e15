using Armada.Core.Control;
using Armada.Core.Topics;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Engine;

public sealed class StopTests(Broker broker) : IClassFixture<Broker>
{
    [Theory]
    [InlineData("/robots/arm/stop", "/robots/arm/reset")]
    [InlineData("/fleet/stop", "/fleet/reset")]
    public async Task A_stop_ends_commands_until_a_reset(string stop, string reset)
    {
        await using var pair = await ArmPair.StartAsync(broker);

        await pair.Silo.PostAsync(stop);
        await Eventually.Holds("the follower is told to stop", () => pair.Follower.CountOf(ControlOp.Stop) >= 1);
        var stopped = await CommandsAsync(pair);
        await StoppedFramesAsync(pair, 20);
        Assert.Equal(stopped, await CommandsAsync(pair));

        await pair.Silo.PostAsync(reset);
        await pair.Follower.CommandedAsync("the follower is commanded again after the reset");
        Assert.True(pair.Follower.CountOf(ControlOp.Reset) >= 1, "the follower is told to release its stop");
    }

    [Fact]
    public async Task A_fleet_reset_leaves_a_robots_own_stop_latched()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        await pair.Silo.PostAsync("/robots/arm/stop");
        await pair.Silo.PostAsync("/fleet/stop");

        await pair.Silo.PostAsync("/fleet/reset");

        var robot = await pair.Silo.GetAsync("/api/v1/robots/arm");
        Assert.True(robot["stopped"]!.GetValue<bool>());
        Assert.False(robot["fleet_stopped"]!.GetValue<bool>());
        var stopped = await CommandsAsync(pair);
        await StoppedFramesAsync(pair, 20);
        Assert.Equal(stopped, await CommandsAsync(pair));
    }

    [Fact]
    public async Task A_robot_made_under_a_fleet_stop_is_stopped()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.PostAsync("/fleet/stop");
        await silo.MakeRobotAsync("late");
        await using var follower = await broker.ConnectAsync(silo.Topics, "follower");

        await silo.BindSlaveAsync("late", "follower");

        await Eventually.Holds("the late robot's slave is told to stop", () => follower.CountOf(ControlOp.Stop) >= 1);
        Assert.True((await silo.GetAsync("/api/v1/robots/late"))["fleet_stopped"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("/robots/arm/stop", "/robots/arm/reset")]
    [InlineData("/fleet/stop", "/fleet/reset")]
    public async Task A_stop_survives_a_restart_of_the_silo(string stop, string reset)
    {
        await using var pair = await ArmPair.StartAsync(broker);
        await pair.Silo.PostAsync(stop);
        await pair.Silo.StopAsync();
        var told = pair.Follower.CountOf(ControlOp.Stop);

        await pair.Silo.StartAsync();

        await Eventually.Holds("the stop is told again", () => pair.Follower.CountOf(ControlOp.Stop) > told);
        await StoppedFramesAsync(pair, 5);
        Assert.Equal(0, await CommandsAsync(pair));
        await pair.Silo.PostAsync(reset);
        await pair.Follower.CommandedAsync("the follower is commanded again after the reset");
    }

    [Fact]
    public async Task An_unanswered_stop_is_sent_again_with_the_same_id_until_it_is_answered()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        pair.Follower.Answers = false;

        await pair.Silo.PostAsync("/robots/arm/stop");
        await Eventually.Holds("the stop is sent three times", () => pair.Follower.CountOf(ControlOp.Stop) >= 3);
        Assert.Equal("stop", (await pair.Silo.GetAsync("/api/v1/robots/arm/slaves/follower"))["unanswered"]!.GetValue<string>());
        pair.Follower.Answers = true;

        await Eventually.Holds(
            "the stop counts as answered",
            () => pair.Silo.GetAsync("/api/v1/robots/arm/slaves/follower").GetAwaiter().GetResult()["unanswered"] is null);
        Assert.Single(pair.Follower.Controls.Where(control => control.Op == ControlOp.Stop).Select(control => control.Id).Distinct());
    }

    [Fact]
    public async Task A_follower_that_refuses_a_stop_goes_on_being_asked_and_is_shown_as_refusing()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        pair.Follower.Refusal = "a servo does not answer";

        await pair.Silo.PostAsync("/robots/arm/stop");
        await Eventually.Holds("the stop is sent three times", () => pair.Follower.CountOf(ControlOp.Stop) >= 3);
        var shown = await pair.Silo.GetAsync("/api/v1/robots/arm/slaves/follower");
        Assert.Equal(("stop", "a servo does not answer"), (shown["unanswered"]!.GetValue<string>(), shown["refusal"]!.GetValue<string>()));
        pair.Follower.Refusal = null;

        await Eventually.Holds(
            "the stop is confirmed",
            () => pair.Silo.GetAsync("/api/v1/robots/arm/slaves/follower").GetAwaiter().GetResult()["unanswered"] is null);
    }

    [Fact]
    public async Task A_follower_that_is_stopped_when_it_is_first_heard_of_stops_its_robot()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        await using var follower = await broker.ConnectAsync(silo.Topics, "follower");
        follower.Publish(Channel.Presence, ControlJson.Write(new Presence(Online: true, State: "stopped")));
        await silo.BindSlaveAsync("arm", "follower");

        await Eventually.Holds("the robot is stopped", () => IsStopped(silo));
        follower.Publish(Channel.Presence, ControlJson.Write(new Presence(Online: true, State: "stopped")));
        await silo.PostAsync("/robots/arm/reset");

        await Eventually.Holds("the follower is told to release its stop", () => follower.CountOf(ControlOp.Reset) >= 1);
        Assert.False(IsStopped(silo)); // What it says later is no news.
    }

    private static bool IsStopped(RunningSilo silo) =>
        silo.GetAsync("/api/v1/robots/arm").GetAwaiter().GetResult()["stopped"]!.GetValue<bool>();

    private static async Task<long> CommandsAsync(ArmPair pair) =>
        (await pair.Silo.GetAsync("/api/v1/robots/arm"))["slaves"]![0]!["commands"]!.GetValue<long>();

    // Shows that frames came and were refused, so that "no command" does not only mean "no frame".
    private static async Task StoppedFramesAsync(ArmPair pair, int more)
    {
        var before = await StoppedAsync(pair);
        await Eventually.Holds(
            $"{more} further frames are dropped because of the stop", () => StoppedAsync(pair).GetAwaiter().GetResult() >= before + more);
    }

    private static async Task<long> StoppedAsync(ArmPair pair) =>
        (await pair.Silo.GetAsync("/api/v1/robots/arm/master"))["frames"]!["stopped"]!.GetValue<long>();
}
