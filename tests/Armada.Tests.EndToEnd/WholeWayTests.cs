using System.Text.Json.Nodes;
using Armada.Devices.ServoBus;
using Armada.Testing;
using Armada.Tests.EndToEnd.Rig;

namespace Armada.Tests.EndToEnd;

/// <summary>Leader to follower through every real part.</summary>
public sealed class WholeWayTests
{
    [Fact]
    public async Task The_silo_shows_who_commands_whom_and_what_has_flowed()
    {
        await using var fleet = await Fleet.TrackingAsync();

        var robot = await fleet.RobotAsync();

        Assert.Equal("leader", robot["master"]!["name"]!.GetValue<string>());
        Assert.Equal("live", robot["master"]!["state"]!.GetValue<string>());
        var slave = Assert.Single(robot["slaves"]!.AsArray())!;
        Assert.Equal("follower", slave["name"]!.GetValue<string>());
        Assert.Equal("live", slave["state"]!.GetValue<string>());
        Assert.True(slave["commands"]!.GetValue<long>() > 0, "no command was counted");
    }

    [Fact]
    public async Task Over_TLS_with_a_certificate_for_everybody_the_follower_follows()
    {
        await using var fleet = await Fleet.TrackingAsync(tls: true);

        Assert.Equal("live", (await fleet.RobotAsync())["master"]!["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_stop_holds_the_arm_until_it_is_reset()
    {
        await using var fleet = await Fleet.TrackingAsync();

        await fleet.PostAsync($"{Fleet.Robot}/stop");
        await fleet.Follower.HoldsAsync();
        Assert.True((await fleet.RobotAsync())["stopped"]!.GetValue<bool>());

        await fleet.PostAsync($"{Fleet.Robot}/reset");
        await fleet.FollowsAsync();
    }

    [Fact]
    public async Task A_fleet_stop_outlives_the_silo_and_ends_only_with_a_fleet_reset()
    {
        await using var fleet = await Fleet.TrackingAsync();

        await fleet.PostAsync("/api/v1/fleet/stop");
        await fleet.Follower.HoldsAsync();
        await fleet.KillSiloAsync();
        fleet.StartSilo();
        await fleet.SiloIsReadyAsync();
        var begin = fleet.Follower.Bus.Journal.Count;
        await Eventually.Holds("the leader is live again", () => MasterState(fleet) == "live", TimeSpan.FromSeconds(10));
        Assert.Equal(0, fleet.Follower.LastMove(begin));

        await fleet.PostAsync("/api/v1/fleet/reset");
        await fleet.FollowsAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cable_that_is_pulled_and_put_back_goes_on_by_itself(bool atTheLeader)
    {
        await using var fleet = await Fleet.TrackingAsync();
        var arm = atTheLeader ? fleet.Leader : fleet.Follower;

        arm.Bus.Unplug();
        await fleet.Follower.HoldsAsync();
        arm.Bus.Replug();

        await fleet.FollowsAsync();
    }

    [Fact]
    public async Task One_silent_servo_stops_no_other_and_is_named()
    {
        await using var fleet = await Fleet.TrackingAsync();

        fleet.Follower.Bus.Faults.Silence(6);

        await Eventually.Holds(
            "the follower names its gripper",
            () => Faults(fleet).Any(fault => fault.Contains("gripper", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(10));
        await fleet.FollowsAsync();
    }

    [Fact]
    public async Task A_servo_that_is_silent_from_the_start_stops_no_other_and_joins_when_it_answers()
    {
        await using var fleet = await Fleet.TrackingAsync(fleet => fleet.Follower.Bus.Faults.Silence(6));
        await Eventually.Holds(
            "the follower names its gripper",
            () => Faults(fleet).Any(fault => fault.Contains("gripper", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(10));

        fleet.Follower.Bus.Faults.Silence(6, silent: false);

        await Eventually.Holds("the follower has no fault", () => !Faults(fleet).Any(), TimeSpan.FromSeconds(10));
        Assert.Equal(1, fleet.Follower.Bus.Arm.Read(6, Sts3215.TorqueEnable));
    }

    private static string? MasterState(Fleet fleet) => Robot(fleet)["master"]?["state"]?.GetValue<string>();

    private static IEnumerable<string> Faults(Fleet fleet) =>
        Robot(fleet)["slaves"]![0]!["reported"]?["faults"]?.AsArray().Select(fault => fault!.GetValue<string>()) ?? [];

    private static JsonNode Robot(Fleet fleet)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Fleet.Robot);
        using var answer = fleet.Http.Send(request);
        using var body = answer.Content.ReadAsStream();
        return JsonNode.Parse(body)!;
    }
}
