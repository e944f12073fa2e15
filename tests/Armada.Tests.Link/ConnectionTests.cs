using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;

namespace Armada.Tests.Link;

/// <summary>Starting, stopping, the last will; brokers that die, lines that are cut, sockets that fill.</summary>
public sealed class ConnectionTests : LinkTestBase
{
    [Fact]
    public async Task The_last_will_comes_when_the_line_is_cut()
    {
        await using var broker = await Mosquitto.StartAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        var inbox = new Inbox();
        await Started(To(broker, "listener"), ("presence/#", Delivery.Control, inbox.Handler));
        await Started(To(broker, "device") with { Port = proxy.Port, Will = new("presence/device", "gone"u8.ToArray()) });
        proxy.Cut(refuse: true);
        await inbox.Receives("gone");
    }

    [Fact]
    public async Task The_last_will_does_not_come_after_a_clean_stop_even_under_load()
    {
        await using var broker = await Mosquitto.StartAsync();
        var inbox = new Inbox();
        var listener = await Started(To(broker, "listener"), ("presence/#", Delivery.Control, inbox.Handler), ("end", Delivery.Control, inbox.Handler));
        var load = new Inbox();
        var device = await Started(
            To(broker, "device") with { Will = new("presence/device", "gone"u8.ToArray()) }, ("load", Delivery.Sample, load.Handler));
        using var ending = new CancellationTokenSource();
        var flood = Task.Run(() =>
        {
            while (!ending.IsCancellationRequested) listener.Publish("load", new byte[500], Delivery.Sample);
        });
        await load.Receives(100);

        device.Publish("presence/device", "offline"u8, Delivery.Control, retain: true);
        await device.DisposeAsync();
        await ending.CancelAsync();
        await flood;
        await inbox.Receives("offline");
        listener.Publish("end", "end"u8, Delivery.Control);
        await inbox.Receives("end");

        Assert.Equal(["offline", "end"], inbox.Texts);
    }

    [Fact]
    public async Task Control_given_just_before_the_stop_still_arrives()
    {
        await using var broker = await Mosquitto.StartAsync();
        var inbox = new Inbox();
        await Started(To(broker, "listener"), ("n", Delivery.Control, inbox.Handler));
        var link = await Started(To(broker));
        for (var i = 0; i < 500; i++) link.Publish("n", Number(i), Delivery.Control);
        await link.DisposeAsync();
        await inbox.Receives("499");
        Assert.Equal(Enumerable.Range(0, 500), inbox.Numbers);
        Assert.Equal(LinkState.Down, link.State);
        Assert.False(link.Publish("n", [], Delivery.Sample));
        Assert.Throws<ObjectDisposedException>(() => link.Publish("n", [], Delivery.Control));
    }

    [Fact]
    public async Task A_link_that_waits_for_an_answer_stops_at_once()
    {
        await using var broker = await Mosquitto.StartAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        proxy.Stall();
        var link = Make(To(broker) with { Port = proxy.Port });
        await link.StartAsync(CancellationToken.None);
        await Eventually.Happens("the link stops", link.DisposeAsync().AsTask(), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_link_that_finds_nobody_stops_at_once()
    {
        var link = Make(new() { ClientId = "one", Port = FreePort.Next(), InitialBackOff = TimeSpan.FromMinutes(1), MaxBackOff = TimeSpan.FromMinutes(1) });
        await link.StartAsync(CancellationToken.None);
        await Eventually.Happens("the link stops", link.DisposeAsync().AsTask(), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Stopping_twice_or_before_the_start_is_no_error()
    {
        await using var broker = await Mosquitto.StartAsync();
        var link = await Started(To(broker));
        await Task.WhenAll(link.DisposeAsync().AsTask(), link.DisposeAsync().AsTask());
        await link.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => link.StartAsync(CancellationToken.None));

        await Make(To(broker)).DisposeAsync();
    }

    [Fact]
    public async Task Starting_twice_is_refused()
    {
        var link = Make(new() { ClientId = "one", Port = FreePort.Next() });
        await link.StartAsync(CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(() => link.StartAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Control_that_never_found_the_broker_is_named_at_the_stop()
    {
        var link = Make(new() { ClientId = "one", Port = FreePort.Next() });
        await link.StartAsync(CancellationToken.None);
        link.Publish("n", Number(1), Delivery.Control);
        await link.DisposeAsync();
        Assert.Contains("1 control message", Assert.Single(Logs.Of(ControlLeftEvent)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_publisher_never_waits_for_a_handler()
    {
        await using var broker = await Mosquitto.StartAsync();
        using var published = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        var waited = new TaskCompletionSource<bool>();
        var link = await Started(To(broker), ("t", Delivery.Sample, (_, _) =>
        {
            entered.Set();
            waited.TrySetResult(published.Wait(TimeSpan.FromSeconds(5)));
        }
        ));
        link.Publish("t", [], Delivery.Sample);
        await Eventually.Happens("the handler is entered", Task.Run(entered.Wait));
        await Task.Run(() =>
        {
            link.Publish("other", [], Delivery.Sample);
            link.Publish("other", [], Delivery.Control);
            published.Set();
        });
        Assert.True(await Eventually.Happens("the handler ends", waited.Task), "the publisher waited for the handler");
    }

    [Fact]
    public async Task A_refusal_by_the_broker_is_logged_with_its_reason()
    {
        await using var broker = await Mosquitto.StartAsync("allow_anonymous false");
        var link = Make(To(broker) with { MaxBackOff = TimeSpan.FromMilliseconds(500) });
        await link.StartAsync(CancellationToken.None);
        await Eventually.Holds("the refusal is logged", () => Logs.Of(RefusedEvent).Count > 0);
        Assert.Contains("authori", Logs.Of(RefusedEvent)[0].Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(LinkState.Down, link.State);
    }

    [Theory]
    [InlineData("127.0.0.2", "127.0.0.2", "127.0.0.1")]
    [InlineData("lo", "127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.2", "127.0.0.2", "localhost")]
    public async Task A_connection_is_made_from_the_interface_or_address_that_is_named(string own, string from, string host)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var link = Make(new LinkOptions { ClientId = "one", Hosts = [host], Port = ((IPEndPoint)listener.LocalEndpoint).Port, Interface = own });
        await link.StartAsync(CancellationToken.None);

        using var accepted = await Eventually.Happens("the connection comes", listener.AcceptSocketAsync());

        Assert.Equal(from, ((IPEndPoint)accepted.RemoteEndPoint!).Address.ToString());
    }

    [Theory]
    [InlineData("wlan77")]
    [InlineData("192.0.2.77")]
    public async Task An_interface_that_this_machine_has_not_is_named(string own)
    {
        var link = Make(new LinkOptions { ClientId = "one", Port = 1, Interface = own });
        await link.StartAsync(CancellationToken.None);

        await Eventually.Holds("it is named", () => Logs.Entries.Any(entry => entry.Message.Contains($"interface '{own}'", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_broker_known_by_name_is_found()
    {
        await using var broker = await Mosquitto.StartAsync();
        await Started(To(broker) with { Hosts = ["localhost"] });
    }

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

    [Fact]
    public async Task A_quiet_link_pings_and_stays_up()
    {
        await using var broker = await Mosquitto.StartAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        var time = new HandTime();
        var inbox = new Inbox();
        var link = Make(To(broker) with { Port = proxy.Port }, time);
        link.Subscribe("echo", Delivery.Sample, inbox.Handler);
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);

        for (var i = 0; i < 6; i++)
        {
            var before = proxy.Forwarded;
            time.Advance(TimeSpan.FromSeconds(5));
            await Eventually.Holds("a ping goes out", () => proxy.Forwarded > before);

            // A message sent after the ping returns after its answer.
            link.Publish("echo", Number(i), Delivery.Sample);
            await inbox.Receives($"{i}");
            Assert.Equal(LinkState.Up, link.State);
        }
        Assert.Equal(0, link.Counters.Reconnects);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_silent_broker_is_given_up_within_the_keep_alive_time(bool isBusy)
    {
        await using var broker = await Mosquitto.StartAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        var options = To(broker) with { Port = proxy.Port, KeepAlive = TimeSpan.FromSeconds(5) };
        var link = await Started(options);

        var began = Stopwatch.GetTimestamp();
        proxy.Stall();
        await Eventually.Holds(
            "the link goes down",
            () =>
            {
                if (isBusy) link.Publish("state", Number(1), Delivery.Sample);
                return link.State is LinkState.Down;
            },
            2 * options.KeepAlive);
        Assert.True(Stopwatch.GetElapsedTime(began) < options.KeepAlive + TimeSpan.FromSeconds(1), $"it took {Stopwatch.GetElapsedTime(began)}");
        await Eventually.Holds(
            "the reason is logged", () => Logs.Entries.Any(entry => entry.Message.Contains("no answer in time", StringComparison.Ordinal)));
    }
}
