using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;

namespace Armada.Tests.Link;

/// <content>Starting, stopping and the last will.</content>
public abstract partial class MqttLinkConformance
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
        var link = Make(new() { ClientId = "one", Port = FreePort.Next(), BackOffFirst = TimeSpan.FromMinutes(1), BackOffMost = TimeSpan.FromMinutes(1) });
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
        var link = Make(To(broker) with { BackOffMost = TimeSpan.FromMilliseconds(500) });
        await link.StartAsync(CancellationToken.None);
        await Eventually.Holds("the refusal is logged", () => Logs.Of(RefusedEvent).Count > 0);
        Assert.Contains("authori", Logs.Of(RefusedEvent)[0].Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(LinkState.Down, link.State);
    }

    [Fact]
    public async Task A_broker_known_by_name_is_found()
    {
        await using var broker = await Mosquitto.StartAsync();
        await Started(To(broker) with { Host = "localhost" });
    }
}
