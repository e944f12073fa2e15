using System.Globalization;
using System.Text.Json.Nodes;
using Armada.Silo.Panel;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Panel;

public sealed class SubscriberLoadTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task No_subscriber_gets_more_updates_than_it_asked_for()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        await using var slow = await PanelClient.WatchAsync(pair.Silo, "rate=2");
        await using var fast = await PanelClient.WatchAsync(pair.Silo);
        var position = 0;

        await Eventually.Holds("the slow watcher gets six updates of a moving arm", () =>
        {
            pair.Leader.Pose = [position = (position + 1) % 90, 0, 0, 0, 0, 0];
            return slow.Samples > 6;
        });

        AssertRate(slow, 2);
        AssertRate(fast, 20);
        Assert.True(fast.Samples > slow.Samples, $"{fast.Samples} at full rate, {slow.Samples} at 2 a second");
    }

    [Fact]
    public async Task Fifty_subscribers_all_see_the_same_and_cost_the_robots_what_one_costs()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        var feed = pair.Silo.Service<PanelFeed>();
        var subscribers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => PanelClient.WatchAsync(pair.Silo)));
        try
        {
            Assert.All(subscribers, subscriber => Assert.Equal("snapshot", PanelClient.TypeOf(subscriber.Messages.First())));
            var one = subscribers[0];
            var samples = one.Samples;
            var looks = feed.Polls;
            pair.Leader.Pose = [20, 0, 0, 0, 0, 0];
            await Eventually.Holds("ten more updates come", () => one.Samples >= samples + 10);

            Assert.InRange(feed.Polls - looks, 9, 10 + 20); // One look serves all; a look that finds nothing new sends nothing.
            await pair.Silo.PostAsync("/robots/arm/stop");
            await Eventually.Holds(
                "every watcher sees the stop", () => subscribers.All(subscriber => subscriber.StateOf("arm")!["stopped"]!.GetValue<bool>()));
            await pair.Silo.PostAsync("/robots/arm/reset");
            await pair.Follower.CommandedAsync("frames are routed all the while");
        }
        finally
        {
            foreach (var subscriber in subscribers)
                await subscriber.DisposeAsync();
        }

        await Eventually.Holds("the silo knows that all have gone", () => feed.Subscribers == 0);
    }

    [Fact]
    public async Task A_subscriber_that_reads_too_slowly_skips_snapshots_and_ends_with_the_newest()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        for (var robot = 0; robot < 60; robot++)
            await silo.MakeRobotAsync(string.Create(CultureInfo.InvariantCulture, $"robot-{robot}"));
        await using var proxy = new CuttingProxy(silo.Http.BaseAddress!.Port);
        await using var slow = await PanelClient.WatchAsync(silo, port: proxy.Port);
        await using var quick = await PanelClient.WatchAsync(silo);

        proxy.Stall();
        for (var time = 0; time < 40; time++)
            await ToggleAsync(silo, quick);
        Assert.True(silo.Service<PanelFeed>().Skipped > 0, "no picture was skipped");
        await silo.SendAsync(HttpMethod.Delete, "/api/v1/robots/robot-7");
        await silo.MakeRobotAsync("last");
        await silo.PostAsync("/fleet/reset");
        await silo.PostAsync("/robots/last/stop");
        await Eventually.Holds("the quick watcher sees the last robot stopped", () => SeesLast(quick));
        proxy.Resume();

        await Eventually.Holds("the slow watcher sees it as well", () => SeesLast(slow));
        await using var fresh = await PanelClient.WatchAsync(silo);
        Assert.True(JsonNode.DeepEquals(fresh.Default(), quick.Default()), "a watcher that kept up differs from a fresh one");
        Assert.True(JsonNode.DeepEquals(fresh.Default(), slow.Default()), "a watcher that did not keep up differs from a fresh one");
        Assert.True(slow.Samples < 20, $"{slow.Samples} messages waited for the slow watcher; the quick one got {quick.Samples}");
    }

    // Changes every robot and waits until that was seen, so that each change is a picture of its own.
    private static async Task ToggleAsync(RunningSilo silo, PanelClient subscriber)
    {
        var stopped = subscriber.Fleet["stopped"]!.GetValue<bool>();
        await silo.PostAsync(stopped ? "/fleet/reset" : "/fleet/stop");
        await Eventually.Holds("a fleet stop or reset is seen", () => subscriber.Fleet["stopped"]!.GetValue<bool>() != stopped);
    }

    private static bool SeesLast(PanelClient subscriber) =>
        subscriber.StateOf("last") is { } state && state["stopped"]!.GetValue<bool>() && !state["fleet_stopped"]!.GetValue<bool>();

    // The silo's own times, so that a slow test machine changes nothing; the bound is the rate's share and the tick's own jitter.
    private static void AssertRate(PanelClient subscriber, double rate)
    {
        var times = subscriber.Messages.Select(message => message["at"]!.GetValue<DateTimeOffset>()).ToArray();
        var most = ((times[^1] - times[0]).TotalSeconds * rate) + 3;
        Assert.True(times.Length <= most, $"{times.Length} messages where {most} may come at {rate} a second");
    }
}
