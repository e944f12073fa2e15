using System.Diagnostics;
using Armada.Tests.EndToEnd.Rig;

namespace Armada.Tests.EndToEnd;

/// <summary>Something dies by SIGKILL while the arms move, each at another place of the sweep, and is started again.</summary>
[Trait("Category", "Timed")]
public sealed class KilledTests
{
    // 300 ms by design; the rest is for a machine that is busy with everything else at once.
    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(300 + 200);
    private static readonly TimeSpan GoesOn = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_killed_silo_lets_the_follower_hold_and_goes_on_when_it_is_back()
    {
        await using var fleet = await Fleet.TrackingAsync();
        var epoch = (await fleet.RobotAsync())["epoch"]!.GetValue<uint>();
        await fleet.Leader.PassesAsync(-25);

        await HoldsWithin(fleet, fleet.KillSiloAsync);
        fleet.StartSilo();
        await fleet.SiloIsReadyAsync();
        await fleet.FollowsAsync(GoesOn);

        Assert.True((await fleet.RobotAsync())["epoch"]!.GetValue<uint>() > epoch, "the epoch did not rise over the restart");
    }

    [Fact]
    public async Task A_killed_leader_agent_lets_the_follower_hold_and_goes_on_when_it_is_back()
    {
        await using var fleet = await Fleet.TrackingAsync();
        await fleet.Leader.PassesAsync(-10);

        await HoldsWithin(fleet, fleet.KillLeaderAgentAsync);
        fleet.StartLeaderAgent();
        await fleet.FollowsAsync(GoesOn);
    }

    [Fact]
    public async Task A_killed_follower_agent_leaves_the_arm_holding_and_goes_on_when_it_is_back()
    {
        await using var fleet = await Fleet.TrackingAsync();
        await fleet.Leader.PassesAsync(20);

        await HoldsWithin(fleet, fleet.KillFollowerAgentAsync);
        fleet.StartFollowerAgent();
        await fleet.FollowsAsync(GoesOn);
    }

    [Fact]
    public async Task A_killed_broker_lets_the_follower_hold_and_goes_on_when_it_is_back()
    {
        await using var fleet = await Fleet.TrackingAsync();
        await fleet.Leader.PassesAsync(20);

        await HoldsWithin(fleet, fleet.Broker.KillAsync);
        await fleet.Broker.RestartAsync();
        await fleet.FollowsAsync(GoesOn);
    }

    private static async Task HoldsWithin(Fleet fleet, Func<Task> kill)
    {
        var begin = Stopwatch.GetTimestamp();
        await kill();
        var last = await fleet.Follower.HoldsAsync();
        var after = Stopwatch.GetElapsedTime(begin, Math.Max(begin, last));
        Assert.True(after < Hold, $"the follower's goal still moved {after.TotalMilliseconds:0} ms after the kill");
    }
}
