using System.Diagnostics;
using System.Text;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Processes;
using Microsoft.Win32.SafeHandles;

namespace Armada.Tests.Link;

/// <summary>Messages there and back, on a real broker.</summary>
public sealed class MessageTests : LinkTestBase
{
    [Theory]
    [InlineData(Delivery.Sample)]
    [InlineData(Delivery.Control)]
    public async Task A_message_comes_back_whole(Delivery delivery)
    {
        await using var broker = await Mosquitto.StartAsync();
        var received = new TaskCompletionSource<(string, byte[])>();
        var link = await Started(
            To(broker),
            ("fleet/+/state", delivery, (topic, payload) => received.TrySetResult((Encoding.UTF8.GetString(topic), payload.ToArray()))));
        byte[] payload = [0, 1, 0xFF, 0, .. Enumerable.Range(0, 70_000).Select(i => (byte)i)];

        Assert.True(link.Publish("fleet/left arm ü/state", payload, delivery));

        var (name, bytes) = await Eventually.Happens("the message comes back", received.Task);
        Assert.Equal("fleet/left arm ü/state", name);
        Assert.Equal(payload, bytes);
    }

    [Fact]
    public async Task An_empty_payload_is_a_message_too()
    {
        await using var broker = await Mosquitto.StartAsync();
        var inbox = new Inbox();
        var link = await Started(To(broker), ("t", Delivery.Sample, inbox.Handler));
        link.Publish("t", [], Delivery.Sample);
        await inbox.Receives("");
    }

    [Fact]
    public async Task A_retained_message_waits_for_a_later_subscriber()
    {
        await using var broker = await Mosquitto.StartAsync();
        var publisher = await Started(To(broker, "publisher"));
        publisher.Publish("presence/a", "online"u8, Delivery.Control, retain: true);
        await publisher.DisposeAsync();

        var inbox = new Inbox();
        await Started(To(broker, "late"), ("presence/+", Delivery.Control, inbox.Handler));
        await inbox.Receives("online");
    }

    [Fact]
    public async Task A_subscription_made_while_up_takes_effect()
    {
        await using var broker = await Mosquitto.StartAsync();
        var link = await Started(To(broker));
        link.Publish("presence/a", "online"u8, Delivery.Control, retain: true);
        var inbox = new Inbox();
        link.Subscribe("presence/#", Delivery.Control, inbox.Handler);
        await inbox.Receives("online");
    }

    [Fact]
    public async Task Each_handler_gets_what_its_filter_matches()
    {
        await using var broker = await Mosquitto.StartAsync();
        var (left, right) = (new Inbox(), new Inbox());
        var link = await Started(To(broker), ("a/left/#", Delivery.Control, left.Handler), ("a/+/right", Delivery.Control, right.Handler));
        link.Publish("a/left/x", "1"u8, Delivery.Control);
        link.Publish("a/b/right", "2"u8, Delivery.Control);
        link.Publish("a/left", "3"u8, Delivery.Control);
        await left.Receives("3");
        Assert.Equal(["1", "3"], left.Texts);
        Assert.Equal(["2"], right.Texts);
    }

    [Fact]
    public async Task A_publish_inside_a_handler_goes_out()
    {
        await using var broker = await Mosquitto.StartAsync();
        var inbox = new Inbox();
        var link = Make(To(broker));
        link.Subscribe("state", Delivery.Sample, (_, payload) => link.Publish("cmd", payload, Delivery.Sample));
        link.Subscribe("cmd", Delivery.Sample, inbox.Handler);
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);
        for (var i = 0; i < 100; i++) link.Publish("state", Encoding.UTF8.GetBytes($"{i}"), Delivery.Sample);
        await inbox.Receives(100);
        Assert.Equal(Enumerable.Range(0, 100), inbox.Numbers);
    }

    [Fact]
    public async Task Many_threads_publish_at_once_and_each_keeps_its_order()
    {
        const int threads = 4, count = 2000;
        await using var broker = await Mosquitto.StartAsync();
        var inboxes = Enumerable.Range(0, threads).Select(_ => new Inbox()).ToArray();
        var link = Make(To(broker));
        for (var i = 0; i < threads; i++) link.Subscribe($"n/{i}", Delivery.Control, inboxes[i].Handler);
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);

        await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < count; i++)
            {
                link.Publish($"n/{thread}", Number(i), Delivery.Control);
                link.Publish("noise", Number(i), Delivery.Sample);
            }
        })));

        foreach (var inbox in inboxes)
        {
            await inbox.Receives(count, TimeSpan.FromSeconds(20));
            Assert.Equal(Enumerable.Range(0, count), inbox.Numbers);
        }
    }

    [Fact]
    public async Task Other_clients_hear_it_and_are_heard()
    {
        await using var broker = await Mosquitto.StartAsync();
        var inbox = new Inbox();
        var link = await Started(To(broker), ("to/link", Delivery.Control, inbox.Handler));
        link.Publish("from/link", "hello from here"u8, Delivery.Control, retain: true);
        await using var listener = RunningProcess.Start("mosquitto_sub", "-p", $"{broker.Port}", "-t", "from/link", "-q", "1", "-C", "1");
        await listener.PrintsAsync("^hello from here$");

        await using var talker = RunningProcess.Start(
            "mosquitto_pub", "-p", $"{broker.Port}", "-t", "to/link", "-q", "1", "-m", "hello from there");
        Assert.Equal(0, await talker.ExitsAsync());
        await inbox.Receives("hello from there");
    }

    [Fact]
    public async Task A_handler_that_throws_is_counted_and_logged_and_the_link_lives()
    {
        await using var broker = await Mosquitto.StartAsync();
        Logs.Expect(HandlerFaultEvent);
        var inbox = new Inbox();
        var link = await Started(
            To(broker),
            ("t", Delivery.Control, (_, _) => throw new InvalidOperationException("a fault of the test")),
            ("t", Delivery.Control, inbox.Handler));
        for (var i = 0; i < 50; i++) link.Publish("t", Encoding.UTF8.GetBytes($"{i}"), Delivery.Control);
        await inbox.Receives("49");
        Assert.True(link.Counters.HandlerFaults >= 50);
        Assert.InRange(Logs.Of(HandlerFaultEvent).Count, 1, 49);
        Assert.Equal(LinkState.Up, link.State);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/+")]
    [InlineData("a/#")]
    public async Task A_topic_or_filter_against_the_rules_is_refused(string topic)
    {
        var link = Make(new() { ClientId = "one" });
        Assert.Throws<ArgumentException>(() => link.Publish(topic, [], Delivery.Sample));
        Assert.Throws<ArgumentException>(() => link.Publish(topic, [], Delivery.Control));
        Assert.Throws<ArgumentException>(() => link.Subscribe("a/#/b", Delivery.Sample, (_, _) => { }));
        await link.DisposeAsync();
    }

    [Fact]
    public async Task A_process_with_more_than_a_thousand_open_files_still_connects()
    {
        await using var broker = await Mosquitto.StartAsync();
        var files = new List<SafeFileHandle>();
        try
        {
            for (var i = 0; i < 1100; i++) files.Add(File.OpenHandle("/dev/null"));
            var inbox = new Inbox();
            var link = await Started(To(broker), ("t", Delivery.Control, inbox.Handler));
            link.Publish("t", "here"u8, Delivery.Control);
            await inbox.Receives("here");
        }
        finally
        {
            foreach (var file in files) file.Dispose();
        }
    }

    [Fact]
    public async Task A_broker_that_coalesces_small_packets_does_not_hold_samples_back()
    {
        var prompt = await MedianBatch("set_tcp_nodelay true");
        var coalescing = await MedianBatch("set_tcp_nodelay false");
        Assert.True(coalescing < 10 * prompt, $"a batch takes {coalescing} where the broker coalesces, else {prompt}");
    }

    [Fact]
    public async Task Who_publishes_samples_allocates_next_to_nothing()
    {
        const int batch = 20, batches = 1000;
        await using var broker = await Mosquitto.StartAsync();
        using var batchIsBack = new SemaphoreSlim(0);
        var received = 0;
        var link = await Started(To(broker), ("state", Delivery.Sample, (_, _) =>
        {
            if (++received % batch == 0) batchIsBack.Release();
        }
        ));
        var payload = new byte[60];
        Run(50);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(batches);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 4 * batch * batches, $"the publisher allocated {allocated} bytes for {batch * batches} messages");

        void Run(int count)
        {
            for (var i = 0; i < count; i++)
            {
                for (var j = 0; j < batch; j++) link.Publish("state", payload, Delivery.Sample);
                Assert.True(batchIsBack.Wait(TimeSpan.FromSeconds(10)), "a batch did not come back within 10 s");
            }
        }
    }

    /// <summary>The median time of ten samples out and back, all sent at once: Nagle's algorithm would hold them back for 40 ms.</summary>
    private async Task<TimeSpan> MedianBatch(string brokerOption)
    {
        await using var broker = await Mosquitto.StartAsync(brokerOption);
        using var back = new SemaphoreSlim(0);
        var link = await Started(To(broker), ("n", Delivery.Sample, (_, _) => back.Release()));
        var times = new List<TimeSpan>();
        for (var i = 0; i < 41; i++)
        {
            var began = Stopwatch.GetTimestamp();
            for (var j = 0; j < 10; j++) link.Publish("n", Number(j), Delivery.Sample);
            for (var j = 0; j < 10; j++) Assert.True(await back.WaitAsync(TimeSpan.FromSeconds(10)), "a sample did not come back within 10 s");
            times.Add(Stopwatch.GetElapsedTime(began));
        }
        await link.DisposeAsync();
        return times.Order().ElementAt(times.Count / 2);
    }
}
