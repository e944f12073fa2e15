using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Testing;
using Xunit.Abstractions;

namespace Armada.Tests.Cluster.Processes;

/// <summary>Three real silos with a hundred robots under load, and what happens when one is killed, all are restarted, or Redis is away.</summary>
[Trait("Category", "Timed")]
public sealed class LostSiloTests(ITestOutputHelper output)
{
    private const int Robots = 100;
    private const int FewRobots = 30; // Where the load is not what is tested: silos, broker and arms share the machine.
    private const int CutOffRobots = 12;
    private const string DeclaredDead = "Armada.Silo.Cluster.KilledSilos[1695]";

    // 300 ms by design; the rest is for a machine that is busy with everything else at once.
    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(300 + 200);
    private static readonly TimeSpan Commandable = TimeSpan.FromSeconds(10);

    // 3 s by design; the rest is for a machine that is busy with everything else at once.
    private static readonly TimeSpan KilledPause = TimeSpan.FromSeconds(3 + 4);
    private static readonly TimeSpan RollingPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(4);

    // 4 s and 2 s by design; the rest is for a machine that is busy with everything else at once.
    private static readonly TimeSpan HungPause = TimeSpan.FromSeconds(4 + 2);
    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(2 + 1);
    private static readonly TimeSpan HungFor = TimeSpan.FromSeconds(8); // Long enough for the broker to cut it off with what it had in hand.

    [Fact]
    public async Task A_killed_silos_robots_are_commandable_again_soon_and_nobody_obeys_an_older_epoch_or_two_masters()
    {
        await using var cluster = await ClusterOfProcesses.StartAsync();
        await using var pair = await EmulatedPair.StartAsync(cluster, "pair");
        await using var crowd = await ArmCrowd.StartAsync(cluster, Robots);
        foreach (var robot in (string[])["contested-0", "contested-1", "contested-2"])
            await cluster.PostAsync(0, "/api/v1/robots", new { id = robot, model = "so101" });
        await using var rivals = new Rivals(cluster, "contested-0", "contested-1", "contested-2");
        await Eventually.Holds("the rivals compete", () => rivals.Reigns > 10, TimeSpan.FromSeconds(20));
        var host = cluster.HostOf("pair");
        crowd.BeginPauses();

        var killed = Stopwatch.GetTimestamp();
        await cluster.KillAsync(host);
        var held = await pair.HoldsAsync(killed);
        var door = (host + 1) % ClusterOfProcesses.Count;
        await pair.FollowsAsync(Commandable - Stopwatch.GetElapsedTime(killed));
        await crowd.AllMoveAsync(Commandable);
        var (slowest, pause) = crowd.LongestPause();
        await cluster.PostAsync(door, "/api/v1/robots/pair/stop");
        await cluster.PostAsync(door, "/api/v1/robots/pair/reset");
        var overlaps = await rivals.OverlapsAsync();

        output.WriteLine($"silo {host} killed; follower held after {held.TotalMilliseconds:0} ms; longest pause {pause.TotalSeconds:0.0} s, of {slowest}; {rivals.Reigns} reigns");
        Assert.True(held < Hold, $"the follower's goal still moved {held.TotalMilliseconds:0} ms after the kill");
        Assert.True(pause < KilledPause, $"{slowest} was not commanded for {pause.TotalSeconds:0.0} s\n{cluster.Logs()}");
        Assert.Contains(DeclaredDead, cluster.Logs(), StringComparison.Ordinal);
        Assert.Empty(crowd.Regressions);
        Assert.Empty(overlaps);
    }

    [Fact]
    public async Task Without_a_broker_a_killed_silos_devices_are_at_another_one_and_their_robots_follow()
    {
        const int Killed = 1;
        await using var cluster = await ClusterOfProcesses.StartAsync(hasBroker: false);
        await using var crowd = await ArmCrowd.StartAsync(cluster, FewRobots);
        crowd.BeginPauses();

        await cluster.KillAsync(Killed);
        await crowd.AllMoveAsync(Commandable);
        var (slowest, pause) = crowd.LongestPause();

        output.WriteLine($"silo {Killed} killed; longest pause {pause.TotalSeconds:0.0} s, of {slowest}");
        Assert.True(pause < KilledPause, $"{slowest} was not commanded for {pause.TotalSeconds:0.0} s\n{cluster.Logs()}");
        Assert.Empty(crowd.Regressions);
    }

    [Fact]
    public async Task A_rolling_restart_loses_no_configuration_and_streams_pause_only_shortly()
    {
        await using var cluster = await ClusterOfProcesses.StartAsync(hasBroker: false);
        await using var crowd = await ArmCrowd.StartAsync(cluster, FewRobots);
        var before = await ConfigurationAsync(cluster, 0);
        crowd.BeginPauses();

        for (var silo = 0; silo < ClusterOfProcesses.Count; silo++)
        {
            await cluster.StopAsync(silo);
            cluster.Start(silo);
            await cluster.IsBackAsync(silo);
            await crowd.AllMoveAsync(RollingPause);
            output.WriteLine($"silo {silo} restarted; longest pause so far {crowd.LongestPause()}");
        }

        var (slowest, pause) = crowd.LongestPause();
        Assert.True(pause < RollingPause, $"{slowest} was not commanded for {pause.TotalSeconds:0.0} s\n{cluster.Logs()}");
        Assert.Equal(before, await ConfigurationAsync(cluster, 2));
        Assert.DoesNotContain(DeclaredDead, cluster.Logs(), StringComparison.Ordinal); // They ended in order.
        Assert.Empty(crowd.Regressions);
    }

    [Fact]
    public async Task While_Redis_is_away_streams_go_on_and_changes_are_refused_and_all_heals()
    {
        await using var cluster = await ClusterOfProcesses.StartAsync();
        await using var crowd = await ArmCrowd.StartAsync(cluster, FewRobots);
        crowd.BeginPauses();

        await cluster.Redis.StopAsync();
        var away = Stopwatch.GetTimestamp();
        // A change that is being written at the moment of the loss ends its master's lease; from now on changes are refused before they are tried.
        await Eventually.Holds("the silos know that storage is away", () => !Enumerable.Range(0, ClusterOfProcesses.Count).Any(cluster.IsReady));
        using var refused = await cluster.Doors[1].PostAsJsonAsync("/api/v1/robots/crowd-0/slaves", new { type = "websocket", name = "viewer" });
        using var unmade = await cluster.Doors[1].PostAsJsonAsync("/api/v1/robots", new { id = "late", model = "so101" });
        using var stopped = await cluster.Doors[2].PostAsync(new Uri("/api/v1/robots/crowd-1/stop", UriKind.Relative), null);
        var refusal = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!;
        await Eventually.Holds("Redis is away for its time", () => Stopwatch.GetElapsedTime(away) > Outage, Outage * 2);
        var pause = crowd.LongestPause(except: "crowd-1");
        var wasReady = Enumerable.Range(0, ClusterOfProcesses.Count).Any(cluster.IsReady);
        await cluster.Redis.RestartAsync();
        await Eventually.Holds(
            () => $"changes are taken again by every robot's silo\n{cluster.Logs()}",
            () => TryPost(cluster, "crowd-0/slaves", new { type = "websocket", name = "viewer" }) && TryPost(cluster, "crowd-1/reset", null),
            TimeSpan.FromSeconds(15));
        await crowd.AllMoveAsync(Commandable);

        output.WriteLine($"Redis away for {Outage.TotalSeconds:0} s; longest pause {pause}");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("urn:armada:problem:not-stored", refusal["type"]!.GetValue<string>());
        Assert.Contains("storage", refusal["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("not-stored", await unmade.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(wasReady, "a silo said that it was ready while storage was away");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, stopped.StatusCode); // In force, and it says that it is not stored.
        Assert.True(pause.Pause < TimeSpan.FromSeconds(2), $"{pause.Robot} was not commanded for {pause.Pause.TotalSeconds:0.0} s\n{cluster.Logs()}");
        Assert.Empty(crowd.Regressions);
    }

    [Fact]
    public async Task A_silo_that_hangs_loses_its_robots_soon_and_takes_none_back_when_it_wakes()
    {
        const int Hung = 0;
        await using var cluster = await ClusterOfProcesses.StartAsync();
        await using var crowd = await ArmCrowd.StartAsync(cluster, FewRobots);
        crowd.BeginPauses();

        var hung = Stopwatch.GetTimestamp();
        await cluster.HangAsync(Hung);
        await crowd.AllMoveAsync(Commandable);
        var elsewhere = Stopwatch.GetElapsedTime(hung);
        await Eventually.Holds("it hangs for its time", () => Stopwatch.GetElapsedTime(hung) > HungFor, HungFor * 2);
        var (slowest, pause) = crowd.LongestPause();
        crowd.BeginPauses();
        await cluster.WakeAsync(Hung);
        var woken = Stopwatch.GetTimestamp();
        await Eventually.Holds(() => $"the silo is not ready\n{cluster.Logs()}", () => !cluster.IsReady(Hung), TimeSpan.FromSeconds(10));
        var noticed = Stopwatch.GetElapsedTime(woken);
        await crowd.AllMoveAsync(Commandable);
        var after = crowd.LongestPause();

        output.WriteLine($"robots of the hung silo moved after {elsewhere.TotalSeconds:0.0} s, longest pause {pause.TotalSeconds:0.0} s of {slowest}; woken, it was not ready after {noticed.TotalSeconds:0.0} s, longest pause {after}");
        Assert.True(pause < HungPause, $"{slowest} was not commanded for {pause.TotalSeconds:0.0} s\n{cluster.Logs()}");
        Assert.True(noticed < Noticed, $"the silo went on saying that it was ready for {noticed.TotalSeconds:0.0} s\n{cluster.Logs()}");
        Assert.True(after.Pause < TimeSpan.FromSeconds(2), $"{after.Robot} was taken back\n{cluster.Logs()}");
        Assert.Empty(crowd.Regressions);
    }

    [Fact]
    public async Task A_silo_that_is_cut_off_from_Redis_is_not_ready_and_hinders_nobody_elsewhere()
    {
        const int CutOff = ClusterOfProcesses.Count - 1;
        await using var cluster = await ClusterOfProcesses.StartAsync();

        cluster.RedisOfLast.Stall();
        var cut = Stopwatch.GetTimestamp();
        await Eventually.Holds(() => $"the silo is not ready\n{cluster.Logs()}", () => !cluster.IsReady(CutOff), TimeSpan.FromSeconds(15));
        var noticed = Stopwatch.GetElapsedTime(cut);
        for (var robot = 0; robot < CutOffRobots; robot++)
            await cluster.PostAsync(robot % CutOff, "/api/v1/robots", new { id = $"made-{robot}", model = "so101" });
        var made = Stopwatch.GetElapsedTime(cut) - noticed;
        cluster.RedisOfLast.Resume();
        await Eventually.Holds(() => $"the silo is ready again\n{cluster.Logs()}", () => cluster.IsReady(CutOff), TimeSpan.FromSeconds(20));

        output.WriteLine($"not ready {noticed.TotalSeconds:0.0} s after the cut; {CutOffRobots} robots made in {made.TotalSeconds:0.0} s");
    }

    private static bool TryPost(ClusterOfProcesses cluster, string path, object? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/robots/{path}") { Content = JsonContent.Create(body) };
        using var answer = cluster.Doors[1].Send(request);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Every robot with its bindings, without what moves.</summary>
    private static async Task<string> ConfigurationAsync(ClusterOfProcesses cluster, int silo)
    {
        var lines = new List<string>();
        for (var robot = 0; robot < FewRobots; robot++)
        {
            var view = (await cluster.Doors[silo].GetFromJsonAsync<JsonNode>($"/api/v1/robots/crowd-{robot}"))!;
            lines.Add($"{view["id"]} {view["joints"]} {view["master"]!["name"]} {string.Join(' ', view["slaves"]!.AsArray().Select(slave => slave!["name"]))}");
        }

        return string.Join('\n', lines);
    }
}
