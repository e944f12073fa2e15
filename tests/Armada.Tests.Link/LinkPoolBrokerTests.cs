using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;

namespace Armada.Tests.Link;

/// <summary>A pool of links on a real broker.</summary>
public sealed class LinkPoolBrokerTests : LinkTestBase
{
    [Fact]
    public async Task A_pool_of_three_links_delivers_on_120_filters_once_also_after_the_broker_restarted()
    {
        const int filters = 120;
        await using var broker = await Mosquitto.StartAsync();
        var inboxes = Enumerable.Range(0, filters).Select(_ => new Inbox()).ToArray();
        var links = new List<MqttLink>();
        await using var pool = new LinkPool(Open, Logs.For<LinkPool>());
        for (var i = 0; i < filters / 2; i++) Subscribe(i);
        await pool.StartAsync(CancellationToken.None);
        for (var i = filters / 2; i < filters; i++) Subscribe(i);
        Assert.Equal((3, filters), (pool.Links, pool.Subscriptions));
        await AllAreUp();
        var talker = await Started(To(broker, "talker"));

        // Kept by the broker: the first is not missed where a subscription is still being made.
        await EachReceives(retain: true, 0);
        await EachReceives(retain: false, 1, 2);
        await broker.StopAsync();
        await Eventually.Holds("the pool goes down", () => links.TrueForAll(link => link.State is LinkState.Down));
        await IsDown(talker);
        await broker.RestartAsync();
        await AllAreUp();
        await IsUp(talker, ReconnectLimit);
        await EachReceives(retain: false, 3, 4, 5);

        pool.Unsubscribe("n/7");
        Assert.True(pool.TrySubscribe("n/7", Delivery.Control, inboxes[7].Handler));
        pool.Unsubscribe("n/8");
        talker.Publish("n/8", Number(6), Delivery.Control);
        Assert.True(pool.TrySubscribe("end", Delivery.Control, inboxes[8].Handler));
        talker.Publish("end", Number(7), Delivery.Control, retain: true);
        await inboxes[8].Receives("7");
        Assert.Equal([0, 1, 2, 3, 4, 5, 7], inboxes[8].Numbers);
        Assert.Equal([0, 1, 2, 3, 4, 5], inboxes[7].Numbers);
        Assert.Equal(3, links.Sum(link => link.Counters.Reconnects));

        MqttLink Open(int index)
        {
            links.Add(Make(To(broker, $"pool-{index}")));
            return links[^1];
        }

        void Subscribe(int i) => Assert.True(pool.TrySubscribe($"n/{i}", Delivery.Control, inboxes[i].Handler));

        async Task EachReceives(bool retain, params int[] numbers)
        {
            foreach (var number in numbers)
            {
                for (var i = 0; i < filters; i++) talker.Publish($"n/{i}", Number(number), Delivery.Control, retain);
            }
            var count = numbers[^1] + 1;
            foreach (var inbox in inboxes) await inbox.Receives(count);
            Assert.All(inboxes, inbox => Assert.Equal(Enumerable.Range(0, count), inbox.Numbers));
            Assert.Equal(count * filters, links.Sum(link => link.Counters.Received));
        }

        Task AllAreUp() => Eventually.Holds("the pool comes up", () => links.TrueForAll(link => link.State is LinkState.Up), ReconnectLimit);
    }
}
