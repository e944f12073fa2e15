using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;

namespace Armada.Tests.Link;

/// <summary>Reconnecting on request, with whatever the certificate files contain by then.</summary>
public sealed class ReconnectTests : LinkTestBase
{
    public static TheoryData<string> HalfWrittenFiles { get; } = ["half a certificate", "half a key", "no key", "the key of another certificate"];

    [Fact]
    public async Task Told_to_connect_anew_a_link_shows_the_new_certificate_and_leaves_no_last_will()
    {
        using var folder = new TempFolder();
        await using var broker = await Mosquitto.StartTlsAsync();
        var files = new RenewedFiles(folder, broker.Certificates!);
        var inbox = new Inbox();
        var watcher = await Started(
            To(broker, "watcher") with { Tls = files.OfAnother("watcher") },
            ("will", Delivery.Control, inbox.Handler), ("t", Delivery.Control, inbox.Handler));
        var link = await Started(To(broker) with { Tls = files.Tls, Will = new("will", "gone"u8.ToArray()) }, ("n", Delivery.Control, inbox.Handler));
        await IsSeenAs(broker, "first");

        files.Renew("second");
        link.Reconnect();
        await IsSeenAs(broker, "second");
        await IsUp(link);

        watcher.Publish("n", "to the link"u8, Delivery.Control);
        await inbox.Receives("to the link");
        link.Publish("t", "from the link"u8, Delivery.Control);
        await inbox.Receives("from the link");
        Assert.DoesNotContain("gone", inbox.Texts);
        Assert.Equal(1, link.Counters.Reconnects);
    }

    [Fact]
    public async Task After_a_cut_a_link_shows_the_new_certificate_by_itself()
    {
        using var folder = new TempFolder();
        await using var broker = await Mosquitto.StartTlsAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        var files = new RenewedFiles(folder, broker.Certificates!);
        await Started(To(broker) with { Port = proxy.Port, Tls = files.Tls });

        files.Renew("second");
        proxy.Cut();
        await IsSeenAs(broker, "second");
    }

    [Theory]
    [MemberData(nameof(HalfWrittenFiles))]
    public async Task Files_that_are_half_written_are_told_of_and_tried_again(string what)
    {
        using var folder = new TempFolder();
        await using var broker = await Mosquitto.StartTlsAsync();
        var files = new RenewedFiles(folder, broker.Certificates!);
        var link = await Started(To(broker) with { Tls = files.Tls, MaxBackOff = TimeSpan.FromMilliseconds(300) });

        files.Spoil(what);
        link.Reconnect();
        await Eventually.Holds("two failures are logged", () => Logs.Entries.Count(entry => entry.Message.Contains("next attempt", StringComparison.Ordinal)) >= 2);
        files.Renew("second");
        await IsSeenAs(broker, "second");
        await IsUp(link);
    }

    [Fact]
    public async Task Control_given_while_a_link_connects_anew_arrives_complete_and_in_order()
    {
        const int count = 5000;
        await using var broker = await Mosquitto.StartAsync();
        var inbox = new Inbox();
        await Started(To(broker, "listener"), ("n", Delivery.Control, inbox.Handler));
        var link = await Started(To(broker, "talker"));
        for (var i = 0; i < count; i++)
        {
            link.Publish("n", Number(i), Delivery.Control);
            if (i % 1000 != 500) continue;
            var reconnects = link.Counters.Reconnects;
            link.Reconnect();
            await Eventually.Holds("the link connects anew", () => link.Counters.Reconnects > reconnects);
        }
        await inbox.Receives($"{count - 1}", TimeSpan.FromSeconds(20));
        Assert.Equal(Enumerable.Range(0, count), inbox.Numbers.Distinct());
    }

    [Fact]
    public async Task A_link_that_is_down_does_not_wait_out_its_back_off()
    {
        await using var broker = Mosquitto.Unstarted();
        var link = Make(To(broker) with { InitialBackOff = TimeSpan.FromMinutes(5), MaxBackOff = TimeSpan.FromMinutes(5) });
        await link.StartAsync(CancellationToken.None);
        await Eventually.Holds("the failure is logged", () => Logs.Entries.Any(entry => entry.Message.Contains("next attempt", StringComparison.Ordinal)));
        await broker.RestartAsync();
        link.Reconnect();
        await IsUp(link);
    }

    [Fact]
    public async Task A_link_in_the_middle_of_connecting_begins_again_with_the_new_certificate()
    {
        using var folder = new TempFolder();
        await using var broker = await Mosquitto.StartTlsAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        var files = new RenewedFiles(folder, broker.Certificates!);
        proxy.Stall();
        var link = Make(To(broker) with { Port = proxy.Port, Tls = files.Tls });
        await link.StartAsync(CancellationToken.None);
        await Eventually.Holds("the link connects", () => proxy.Connections == 1);

        files.Renew("second");
        link.Reconnect();
        await Eventually.Holds("the link connects again", () => proxy.Connections == 2);
        proxy.Resume();
        await IsUp(link);
        await IsSeenAs(broker, "second");
        Assert.DoesNotContain("u'first'", broker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Told_twice_at_once_or_from_inside_a_handler_a_link_comes_up_again()
    {
        await using var broker = await Mosquitto.StartAsync();
        var link = Make(To(broker));
        link.Subscribe("anew", Delivery.Control, (_, _) => link.Reconnect());
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);

        link.Reconnect();
        link.Reconnect();
        await Eventually.Holds("the link connects anew", () => link.Counters.Reconnects > 0);
        link.Publish("anew", [], Delivery.Control);
        await Eventually.Holds("the link connects anew once more", () => link.Counters.Reconnects >= 2 && link.State is LinkState.Up);
        Assert.InRange(link.Counters.Reconnects, 2, 4);
    }

    [Fact]
    public async Task Before_the_start_and_after_the_end_connecting_anew_does_nothing()
    {
        await using var broker = await Mosquitto.StartAsync();
        var link = Make(To(broker));
        link.Reconnect();
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);
        Assert.Equal(0, link.Counters.Reconnects);

        await link.DisposeAsync();
        link.Reconnect();
        Assert.Equal(LinkState.Down, link.State);
        Assert.Equal(0, link.Counters.Reconnects);
    }

    private static Task IsSeenAs(Mosquitto broker, string name) => Eventually.Holds(
        () => $"the broker sees '{name}'; it said:\n{broker.Log}", () => broker.Log.Contains($"u'{name}'", StringComparison.Ordinal));
}
