using Armada.Core.Control;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Engine;

public sealed class BindingTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task A_takeover_gives_the_robot_to_the_new_master_under_a_higher_epoch()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        var epoch = await pair.Silo.EpochAsync("arm");
        await using var other = await broker.ConnectAsync(pair.Silo.Topics, "other");

        await pair.Silo.BindMasterAsync("arm", "other", takeover: true);

        await pair.Follower.CommandedAsync("the new master commands", command => command.Header.Epoch > epoch);
        await Eventually.Holds("the old master is told", () => pair.Leader.CountOf(ControlOp.StreamStop) >= 1);
        Assert.Equal("other", (await pair.Silo.GetAsync("/api/v1/robots/arm/master"))["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_device_taken_over_leaves_its_old_robot()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        await pair.Silo.MakeRobotAsync("second");

        await pair.Silo.BindSlaveAsync("second", "follower", takeover: true);
        await pair.Silo.BindMasterAsync("second", "leader", takeover: true);

        var first = await pair.Silo.GetAsync("/api/v1/robots/arm");
        Assert.Null(first["master"]);
        Assert.Empty(first["slaves"]!.AsArray());
        await pair.Follower.CommandedAsync("the second robot commands the follower");
    }

    [Fact]
    public async Task A_device_may_change_its_role_within_a_robot_by_takeover()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        await silo.BindSlaveAsync("arm", "one");

        await silo.BindMasterAsync("arm", "one", takeover: true);

        var robot = await silo.GetAsync("/api/v1/robots/arm");
        Assert.Equal("one", robot["master"]!["name"]!.GetValue<string>());
        Assert.Empty(robot["slaves"]!.AsArray());
    }

    [Fact]
    public async Task A_removed_robots_devices_are_free()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        await pair.Silo.SendAsync(HttpMethod.Delete, "/api/v1/robots/arm");
        await pair.Silo.MakeRobotAsync("next");

        await pair.Silo.BindMasterAsync("next", "leader");
        await pair.Silo.BindSlaveAsync("next", "follower");

        await pair.Follower.CommandedAsync("the next robot commands the follower");
    }

    [Fact]
    public async Task A_restart_keeps_bindings_and_goes_on_by_itself_under_a_higher_epoch()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        var epoch = await pair.Silo.EpochAsync("arm");
        await pair.Silo.StopAsync();

        await pair.Silo.StartAsync();

        await pair.Follower.CommandedAsync("the follower is commanded again", command => command.Header.Epoch > epoch);
    }

    [Fact]
    public async Task A_restart_does_not_bring_back_a_slave_that_was_unbound()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        await pair.Silo.SendAsync(HttpMethod.Delete, "/api/v1/robots/arm/slaves/follower");
        await pair.Silo.StopAsync();

        await pair.Silo.StartAsync();

        Assert.Empty((await pair.Silo.GetAsync("/api/v1/robots/arm/slaves"))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_leader_that_falls_silent_loses_its_lease_and_gets_a_higher_epoch_when_it_is_back()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        var epoch = await pair.Silo.EpochAsync("arm");
        pair.Leader.Silent = true;
        await Eventually.Holds(
            "the lease is lost",
            () => pair.Silo.GetAsync("/api/v1/robots/arm/master").GetAwaiter().GetResult()["state"]!.GetValue<string>() == "lost");

        pair.Leader.Silent = false;

        await pair.Follower.CommandedAsync("the leader commands again", command => command.Header.Epoch > epoch);
    }

    [Fact]
    public async Task A_broker_that_is_killed_and_comes_back_changes_nothing_for_good()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        await broker.Mosquitto.KillAsync();
        await Eventually.Holds("the silo says it is not ready", () => !pair.Silo.IsReady);

        await broker.Mosquitto.RestartAsync();

        await pair.Follower.CommandedAsync("the follower is commanded again");
        Assert.True(pair.Silo.IsReady);
    }
}
