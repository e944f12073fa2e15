using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;

namespace Armada.Tests.Link;

/// <summary>Subscriptions that come and go.</summary>
public sealed class SubscriptionTests : LinkTestBase
{
    private const string TellSubscriptions = "log_type subscribe\nlog_type unsubscribe";

    [Fact]
    public async Task After_unsubscribing_the_broker_sends_no_more()
    {
        await using var broker = await Mosquitto.StartAsync(TellSubscriptions);
        var (ended, going) = (new Inbox(), new Inbox());
        var link = await Started(
            To(broker), ("a/+/ended", Delivery.Control, ended.Handler), ("going", Delivery.Control, going.Handler));
        link.Publish("a/b/ended", "1"u8, Delivery.Control);
        await ended.Receives("1");

        link.Unsubscribe("a/+/ended");
        await Eventually.Holds(() => $"the broker is told; it said:\n{broker.Log}", () => broker.Log.Contains("one a/+/ended", StringComparison.Ordinal));
        var before = link.Counters.Received;
        link.Publish("a/b/ended", "2"u8, Delivery.Control);
        link.Publish("going", "3"u8, Delivery.Control);
        await going.Receives("3");

        Assert.Equal(["1"], ended.Texts);
        Assert.Equal(1, link.Counters.Received - before);
    }

    [Fact]
    public async Task After_unsubscribing_nothing_that_is_on_its_way_reaches_the_handler()
    {
        await using var broker = await Mosquitto.StartAsync();
        using var unsubscribed = new ManualResetEventSlim();
        var (flood, end) = (new Inbox(), new Inbox());
        var link = await Started(To(broker), ("end", Delivery.Control, end.Handler), ("flood", Delivery.Control, (topic, payload) =>
        {
            flood.Handler(topic, payload);
            if (flood.Count == 10) unsubscribed.Wait(TimeSpan.FromSeconds(10));
        }
        ));
        var talker = await Started(To(broker, "talker"));
        for (var i = 0; i < 1000; i++) talker.Publish("flood", Number(i), Delivery.Control);
        talker.Publish("end", "end"u8, Delivery.Control);
        await flood.Receives(10);

        // The handler is in its call: one who unsubscribes does not wait for it, and nothing comes after it.
        link.Unsubscribe("flood");
        unsubscribed.Set();
        await end.Receives("end");

        Assert.Equal(Enumerable.Range(0, 10), flood.Numbers);
    }

    [Fact]
    public async Task A_handler_may_end_its_own_subscription_and_others()
    {
        await using var broker = await Mosquitto.StartAsync();
        var (own, end) = (new Inbox(), new Inbox());
        var (haveEnded, late) = (false, 0);
        var link = Make(To(broker));
        link.Subscribe("t/+", Delivery.Control, (topic, payload) =>
        {
            own.Handler(topic, payload);
            link.Unsubscribe("t/+");
            link.Unsubscribe("t/#");
            haveEnded = true;
            link.Subscribe("end", Delivery.Control, end.Handler);
        });
        link.Subscribe("t/#", Delivery.Control, (_, _) => late += haveEnded ? 1 : 0);
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);

        for (var i = 0; i < 100; i++) link.Publish("t/1", Number(i), Delivery.Control);
        link.Publish("end", "end"u8, Delivery.Control, retain: true);
        await end.Receives("end");

        Assert.Equal([0], own.Numbers);
        Assert.Equal(0, late);
    }

    [Theory]
    [InlineData("t")]
    [InlineData("#")]
    public async Task Unsubscribing_ends_every_handler_of_that_filter_and_no_other(string filter)
    {
        await using var broker = await Mosquitto.StartAsync(TellSubscriptions);
        var (ended, going) = (new Inbox(), new Inbox());
        var link = await Started(
            To(broker),
            (filter, Delivery.Control, ended.Handler),
            ("+", Delivery.Control, going.Handler),
            (filter, Delivery.Control, ended.Handler),
            ("$share/group/t", Delivery.Control, going.Handler));
        link.Unsubscribe(filter);
        link.Unsubscribe("nobody/ever/asked");
        await Eventually.Holds("the broker is told", () => broker.Log.Contains($"one {filter}\n", StringComparison.Ordinal));
        link.Publish("t", "1"u8, Delivery.Control);
        link.Publish("end", "end"u8, Delivery.Control);
        await going.Receives("end");

        Assert.Equal(0, ended.Count);
        Assert.Contains("1", going.Texts);
        link.Unsubscribe("$share/group/t");
        link.Unsubscribe("+");
        await link.DisposeAsync();
        link.Unsubscribe("+");
    }

    [Fact]
    public async Task A_subscription_that_ended_before_the_start_or_while_down_is_not_made()
    {
        await using var broker = await Mosquitto.StartAsync(TellSubscriptions);
        var (ended, going) = (new Inbox(), new Inbox());
        var link = Make(To(broker));
        foreach (var filter in (string[])["early", "up", "down"]) link.Subscribe(filter, Delivery.Control, ended.Handler);
        link.Subscribe("going", Delivery.Control, going.Handler);
        link.Unsubscribe("early");
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);
        await HasSubscribed("up", "down", "going");

        link.Unsubscribe("up");
        await broker.KillAsync();
        await IsDown(link);
        link.Unsubscribe("down");
        link.Subscribe("late", Delivery.Control, going.Handler);
        await broker.RestartAsync();
        await IsUp(link, ReconnectLimit);

        await HasSubscribed("going", "late");
        foreach (var topic in (string[])["early", "up", "down", "late", "going"]) link.Publish(topic, "1"u8, Delivery.Control);
        await going.Receives(2);
        Assert.Equal(0, ended.Count);

        async Task HasSubscribed(params string[] filters)
        {
            await Eventually.Holds($"the broker tells of '{filters[^1]}'", () => SubscribedAt(broker).Contains(filters[^1]));
            Assert.Equal(filters, SubscribedAt(broker));
        }
    }

    [Fact]
    public async Task What_was_unsubscribed_can_be_subscribed_again_at_once()
    {
        await using var broker = await Mosquitto.StartAsync();
        var (old, current) = (new Inbox(), new Inbox());
        var link = await Started(To(broker));
        link.Publish("t", "kept"u8, Delivery.Control, retain: true);
        for (var i = 0; i < 100; i++)
        {
            link.Subscribe("t", Delivery.Control, old.Handler);
            link.Unsubscribe("t");
        }
        var olds = old.Count;
        link.Subscribe("t", Delivery.Control, current.Handler);
        await current.Receives("kept");
        link.Publish("t", "new"u8, Delivery.Control);
        await current.Receives("new");

        Assert.InRange(old.Count, olds, olds + 1);
        Assert.Single(current.Texts, "new");
    }

    [Fact]
    public async Task Hundreds_of_subscriptions_come_and_go_on_many_threads_while_up()
    {
        const int threads = 4, filters = 200, rounds = 5;
        await using var broker = await Mosquitto.StartAsync();
        var inbox = new Inbox();
        var link = await Started(To(broker));
        for (var i = 0; i < threads * filters; i++) link.Publish($"n/{i}", Number(i), Delivery.Control, retain: true);

        await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
        {
            var own = Enumerable.Range(thread * filters, filters).ToArray();
            for (var round = 0; round < rounds; round++)
            {
                foreach (var i in own) link.Subscribe($"n/{i}", Delivery.Control, (_, _) => { });
                foreach (var i in own) link.Unsubscribe($"n/{i}");
            }
            foreach (var i in own) link.Subscribe($"n/{i}", Delivery.Control, inbox.Handler);
        })));

        await Eventually.Holds(
            () => $"every retained message arrives; {inbox.Numbers.Distinct().Count()} did",
            () => inbox.Numbers.Distinct().Count() == threads * filters);
        Assert.Equal(LinkState.Up, link.State);
        Assert.Equal(0, link.Counters.Reconnects);
    }

    /// <summary>The filters that client "one" has subscribed to since the broker's last start, in order.</summary>
    private static List<string> SubscribedAt(Mosquitto broker) =>
        [.. broker.Log.Split('\n').Where(line => line.Contains(": one 1 ", StringComparison.Ordinal)).Select(line => line[(line.LastIndexOf(' ') + 1)..].Trim())];
}
