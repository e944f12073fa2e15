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
    private const string Held = "holding its pose";

    // Longer than a follower waits for a command, shorter than it goes on without the path that stops come by.
    private static readonly TimeSpan Stalled = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task A_line_that_stalls_for_half_a_second_is_not_felt()
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
        var held = Holds(fleet);

        foreach (var line in lines)
        {
            line.Stall();
            var begin = Stopwatch.GetTimestamp();
            await Eventually.Holds("the follower goes on", () => Stopwatch.GetElapsedTime(begin, fleet.Follower.LastMove()) > Stalled);
            line.Resume();
            await fleet.FollowsAsync();
        }

        Assert.Equal(held, Holds(fleet));
        var frames = (await fleet.RobotAsync())["master"]!["frames"]!;
        Assert.True(frames["duplicate"]!.GetValue<long>() > 0);
        Assert.Equal(0, frames["out-of-order"]!.GetValue<long>());
        foreach (var line in lines)
            await line.DisposeAsync();
    }

    private static JsonArray Paths(JsonObject robot) => robot["slaves"]![0]!["reported"]?["paths"] as JsonArray ?? [];

    private static int Holds(Fleet fleet) => fleet.FollowerAgent.Output.Split(Held).Length;
}
