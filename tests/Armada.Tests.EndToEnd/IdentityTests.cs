using System.Diagnostics;
using System.Net;
using Armada.Testing;
using Armada.Tests.EndToEnd.Rig;

namespace Armada.Tests.EndToEnd;

/// <summary>Arms that come in with certificates of their own, from the token to the end.</summary>
[Trait("Category", "Timed")]
public sealed class IdentityTests
{
    private static readonly TimeSpan CutWithin = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Arms_that_enrolled_themselves_follow_and_a_leader_that_is_deleted_is_cut_and_stays_out()
    {
        await using var fleet = await EnrolledFleet.TrackingAsync();
        foreach (var name in new[] { "leader", "follower" })
        {
            var device = await fleet.DeviceAsync(name);
            Assert.True(device["online"]!.GetValue<bool>());
            Assert.NotNull(device["last_seen"]);
            Assert.True(device["certificates"]![0]!["in_use"]!.GetValue<bool>());
            Assert.Equal("cell", device["robots"]![0]!["robot"]!.GetValue<string>());
        }

        var begin = Stopwatch.GetTimestamp();
        using var deleted = await fleet.Http.DeleteAsync(new Uri("/api/v1/devices/leader", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        var last = await fleet.Follower.HoldsAsync();

        var after = Stopwatch.GetElapsedTime(begin, Math.Max(begin, last));
        Assert.True(after < CutWithin, $"the follower's goal still moved {after.TotalMilliseconds:0} ms after the leader was deleted");
        await Eventually.Holds(
            () => $"the leader's agent is refused; it said:\n{fleet.OutputOf("leader")}",
            () => fleet.OutputOf("leader").Contains("revoked", StringComparison.Ordinal));
        Assert.True((await fleet.DeviceAsync("follower"))["online"]!.GetValue<bool>());
        using var gone = await fleet.Http.GetAsync(new Uri("/api/v1/devices/leader", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task A_silo_that_is_killed_with_its_broker_lets_the_follower_hold_and_all_goes_on_when_it_is_back()
    {
        await using var fleet = await EnrolledFleet.TrackingAsync();

        await fleet.KillSiloAsync();
        await fleet.Follower.HoldsAsync();
        fleet.StartSilo();
        await fleet.SiloIsReadyAsync();

        await fleet.FollowsAsync(TimeSpan.FromSeconds(10));
    }
}
