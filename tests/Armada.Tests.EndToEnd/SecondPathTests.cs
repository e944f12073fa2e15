using System.Diagnostics;
using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Tests.EndToEnd.Rig;

namespace Armada.Tests.EndToEnd;

/// <summary>Leader to follower through every real part, each agent with two connections over two lines.</summary>
[Trait("Category", "Timed")]
public sealed class SecondPathTests
{
    // Longer than a follower moves without commands, and then longer than it goes on without the path that stops come by.
    private static readonly TimeSpan Stalled = TimeSpan.FromMilliseconds(450);
    private static readonly TimeSpan Held = TimeSpan.FromMilliseconds(1500);

    [Fact]
    public async Task While_either_line_stalls_the_follower_follows_by_the_other()
    {
        CuttingProxy[] lines = [];
        await using var fleet = await Fleet.TrackingAsync(made =>
        {
            lines = [new CuttingProxy(made.Broker.Port), new CuttingProxy(made.Broker.Port)];
            made.AgentFile = file =>
            {
                file["broker"]!["hosts"] = new JsonArray([.. lines.Select(line => JsonValue.Create($"127.0.0.1:{line.Port}"))]);
                file["devices"]![0]!["paths"] = 2;
            };
        });
        await Eventually.HoldsAsync("the silo shows two paths", async () => Paths(await fleet.RobotAsync()).Count(path => path!["connected"]!.GetValue<bool>()) == 2);

        // More than once on a machine that is so busy that the follower waits for it.
        foreach (var line in lines)
            await Eventually.HoldsAsync("the follower goes on", () => GoesOnAsync(fleet, line), TimeSpan.FromSeconds(30));

        Assert.True((await fleet.RobotAsync())["master"]!["frames"]!["duplicate"]!.GetValue<long>() > 0);
        foreach (var line in lines)
            await line.DisposeAsync();
    }

    private static async Task<bool> GoesOnAsync(Fleet fleet, CuttingProxy line)
    {
        line.Stall();
        var begin = Stopwatch.GetTimestamp();
        var goesOn = false;
        await Eventually.Holds(
            "the follower goes on, or holds",
            () => (goesOn = Stopwatch.GetElapsedTime(begin, fleet.Follower.LastMove()) > Stalled) || Stopwatch.GetElapsedTime(begin) > Held);
        line.Resume();
        await fleet.FollowsAsync(TimeSpan.FromSeconds(20));
        return goesOn;
    }

    private static JsonArray Paths(JsonObject robot) => robot["slaves"]![0]!["reported"]?["paths"] as JsonArray ?? [];
}
