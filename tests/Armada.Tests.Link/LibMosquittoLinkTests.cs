using System.Diagnostics;
using Armada.Messaging.LibMosquitto;
using Armada.Messaging.Link;
using Armada.Testing.Brokers;
using Microsoft.Win32.SafeHandles;

namespace Armada.Tests.Link;

/// <summary>The conformance suite on libmosquitto, and what is its own.</summary>
public sealed class LibMosquittoLinkTests : MqttLinkConformance
{
    protected override int HandlerFaultEvent => 2006;

    protected override int RefusedEvent => 2003;

    protected override int ControlLeftEvent => 2007;

    protected override IMqttLink Create(LinkOptions options) => new LibMosquittoLink(options, Logs.For<LibMosquittoLink>());

    [Fact]
    public async Task A_hundred_thousand_samples_out_and_a_thousandfold_relay_allocate_next_to_nothing()
    {
        const int batch = 20;
        await using var broker = await Mosquitto.StartAsync();
        using var batchIsBack = new SemaphoreSlim(0);
        var received = 0;
        var onLinkThread = 0L;
        var link = Make(To(broker));
        link.Subscribe("state", Delivery.Sample, (_, payload) => link.Publish("cmd", payload, Delivery.Sample));
        link.Subscribe("cmd", Delivery.Sample, (_, _) =>
        {
            onLinkThread = GC.GetAllocatedBytesForCurrentThread();
            if (++received % batch == 0) batchIsBack.Release();
        });
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);
        var payload = new byte[60];
        Run(50, 10);

        var (publisherBefore, linkBefore) = (GC.GetAllocatedBytesForCurrentThread(), onLinkThread);
        Run(100_000, 1000);
        var (byPublisher, byLink) = (GC.GetAllocatedBytesForCurrentThread() - publisherBefore, onLinkThread - linkBefore);

        Assert.True(byPublisher < 4096, $"the publisher allocated {byPublisher} bytes for 120000 messages");
        Assert.True(byLink < 4096, $"the link's thread allocated {byLink} bytes for 20000 messages in and as many out");

        void Run(int samples, int batches)
        {
            for (var i = 0; i < batches; i++)
            {
                for (var j = 0; j < batch; j++) link.Publish("state", payload, Delivery.Sample);
                Assert.True(batchIsBack.Wait(TimeSpan.FromSeconds(10)), "a batch did not come back within 10 s");
            }
            for (var i = 0; i < samples; i++) link.Publish("nobody", payload, Delivery.Sample);
        }
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
