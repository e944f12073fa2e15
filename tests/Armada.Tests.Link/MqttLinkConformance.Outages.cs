using System.Globalization;
using System.Text;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;

namespace Armada.Tests.Link;

/// <content>Brokers that die, lines that are cut, sockets that fill.</content>
public abstract partial class MqttLinkConformance
{
    private static readonly TimeSpan ReconnectLimit = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_killed_broker_that_returns_finds_the_link_subscribed_again()
    {
        await using var broker = await Mosquitto.StartAsync();
        var inbox = new Inbox();
        var states = new List<LinkState>();
        var link = Make(To(broker));
        link.StateChanged += states.Add;
        link.Subscribe("t", Delivery.Control, inbox.Handler);
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);

        await broker.KillAsync();
        await IsDown(link);
        await broker.RestartAsync();
        await IsUp(link, ReconnectLimit);

        link.Publish("t", "after"u8, Delivery.Control);
        await inbox.Receives("after");
        Assert.Equal(1, link.Counters.Reconnects);
        Assert.Equal([LinkState.Up, LinkState.Down, LinkState.Up], states);
    }

    [Fact]
    public async Task A_broker_that_appears_late_is_found()
    {
        await using var broker = Mosquitto.Unstarted();
        var link = Make(To(broker));
        await link.StartAsync(CancellationToken.None);
        Assert.False(link.Publish("t", "early"u8, Delivery.Sample));
        await broker.RestartAsync();
        await IsUp(link, ReconnectLimit);
        Assert.Equal(1, link.Counters.SamplesDropped);
    }

    [Fact]
    public async Task Control_given_while_the_broker_is_dead_arrives_complete_and_in_order()
    {
        await using var broker = await Mosquitto.StartAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        var inbox = new Inbox();
        var listener = await Started(To(broker, "listener"), ("n", Delivery.Control, inbox.Handler));
        var link = await Started(To(broker, "talker") with { Port = proxy.Port });

        await broker.KillAsync();
        proxy.Cut(refuse: true);
        await IsDown(link);
        await IsDown(listener);
        for (var i = 0; i < 3000; i++) link.Publish("n", Number(i), Delivery.Control);
        await broker.RestartAsync();
        await IsUp(listener, ReconnectLimit);
        proxy.Resume();

        await inbox.Receives("2999", TimeSpan.FromSeconds(20));
        Assert.Equal(Enumerable.Range(0, 3000), inbox.Numbers);
    }

    [Fact]
    public async Task Control_over_a_line_cut_in_mid_stream_arrives_complete_and_in_order()
    {
        const int count = 5000;
        await using var broker = await Mosquitto.StartAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        var inbox = new Inbox();
        await Started(To(broker, "listener"), ("n", Delivery.Control, inbox.Handler));
        var link = await Started(To(broker, "talker") with { Port = proxy.Port });

        for (var i = 0; i < count; i++)
        {
            link.Publish("n", Number(i), Delivery.Control);
            if (i % 1000 != 500) continue;
            var arrived = i - 200;
            await Eventually.Holds($"message {arrived} arrives", () => inbox.Count > arrived);
            proxy.Cut();
        }

        await inbox.Receives($"{count - 1}", TimeSpan.FromSeconds(20));
        Assert.Equal(Enumerable.Range(0, count), inbox.Numbers.Distinct());
        Assert.True(link.Counters.Reconnects > 0, "the line was never cut");
    }

    [Fact]
    public async Task Samples_across_an_outage_are_never_reordered_and_drops_are_counted()
    {
        const int count = 20_000;
        await using var broker = await Mosquitto.StartAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        var inbox = new Inbox();
        await Started(To(broker, "listener"), ("n", Delivery.Sample, inbox.Handler));
        var link = await Started(To(broker, "talker") with { Port = proxy.Port });

        for (var i = 0; i < count; i++)
        {
            link.Publish("n", Number(i), Delivery.Sample);
            if (i == count / 2)
            {
                proxy.Cut();
                await IsDown(link);
            }
            if (i == count / 2 + 1000) await IsUp(link);
        }

        await inbox.Receives($"{count - 1}");
        var numbers = inbox.Numbers;
        Assert.Equal(numbers.Order().Distinct(), numbers);
        Assert.True(link.Counters.SamplesDropped >= 1000, $"only {link.Counters.SamplesDropped} drops were counted");
        Assert.True(link.Counters.Published + link.Counters.SamplesDropped >= count);
    }

    [Fact]
    public async Task A_stalled_line_keeps_little_and_ends_with_the_newest_sample()
    {
        await using var broker = await Mosquitto.StartAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        var inbox = new Inbox();
        await Started(To(broker, "listener"), ("n/+", Delivery.Sample, inbox.Handler));
        var link = await Started(To(broker, "talker") with { Port = proxy.Port });
        var frame = new byte[200];

        proxy.Stall();
        for (var i = 0; i < 100_000; i++)
        {
            frame.AsSpan().Fill((byte)'0');
            i.TryFormat(frame.AsSpan(^6), out _, "000000", CultureInfo.InvariantCulture);
            link.Publish("n/left", frame, Delivery.Sample);
            link.Publish("n/right", frame, Delivery.Sample);
        }
        var kept = link.Counters.Published * frame.Length;
        Assert.True(kept < 8 * 1024 * 1024, $"{kept} bytes went into a line that takes none");
        Assert.True(link.Counters.SamplesDropped > 100_000, $"only {link.Counters.SamplesDropped} drops were counted");
        proxy.Resume();

        await Eventually.Holds("the newest sample of both topics arrives", () => inbox.Numbers.Count(number => number == 99_999) == 2);
        Assert.Equal(LinkState.Up, link.State);
        Assert.Equal(200_000, inbox.Count + link.Counters.SamplesDropped);
    }

    [Fact]
    public async Task A_full_control_backlog_is_said_aloud()
    {
        var link = Make(new() { ClientId = "one", ControlBacklog = 3 });
        for (var i = 0; i < 3; i++) Assert.True(link.Publish("t", Number(i), Delivery.Control));
        var fault = Assert.Throws<InvalidOperationException>(() => link.Publish("t", Number(3), Delivery.Control));
        Assert.Contains("3 control messages", fault.Message, StringComparison.Ordinal);
        await link.DisposeAsync();
    }

    protected static byte[] Number(int number) => Encoding.UTF8.GetBytes($"{number}");
}
