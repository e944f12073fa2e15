using System.Collections.Concurrent;
using Armada.Messaging.Link;
using Armada.Messaging.MqttNet;
using Armada.Testing.Brokers;

namespace Armada.Tests.Link.MqttNet;

/// <summary>The conformance suite on MQTTnet, and what is its own.</summary>
public sealed class MqttNetLinkTests : MqttLinkConformance
{
    protected override int HandlerFaultEvent => 2106;

    protected override int RefusedEvent => 2103;

    protected override int ControlLeftEvent => 2107;

    protected override IMqttLink Create(LinkOptions options) => new MqttNetLink(options, Logs.For<MqttNetLink>());

    // The pool's threads do other work too, so what counts is the middle of many differences, each between two messages on one thread.
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task A_sample_in_and_out_again_allocates_nothing(int batch)
    {
        await using var broker = await Mosquitto.StartAsync();
        using var batchIsBack = new SemaphoreSlim(0);
        var (allocated, thread, before) = (new ConcurrentQueue<long>(), 0, 0L);
        var received = 0;
        var link = Make(To(broker));
        link.Subscribe("state", Delivery.Sample, (_, payload) => link.Publish("cmd", payload, Delivery.Sample));
        link.Subscribe("cmd", Delivery.Sample, (_, _) =>
        {
            var now = GC.GetAllocatedBytesForCurrentThread();
            if (thread == Environment.CurrentManagedThreadId) allocated.Enqueue(now - before);
            if (++received % batch == 0) batchIsBack.Release();
            (thread, before) = (Environment.CurrentManagedThreadId, GC.GetAllocatedBytesForCurrentThread());
        });
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);
        var payload = new byte[60];
        var byPublisher = new List<long>();
        for (var i = 0; i < 1000; i++)
        {
            var publisherBefore = GC.GetAllocatedBytesForCurrentThread();
            for (var j = 0; j < batch; j++) link.Publish("state", payload, Delivery.Sample);
            byPublisher.Add(GC.GetAllocatedBytesForCurrentThread() - publisherBefore);
            Assert.True(batchIsBack.Wait(TimeSpan.FromSeconds(10)), "a batch did not come back within 10 s");
        }
        Assert.True(allocated.Count > 100, $"only {allocated.Count} pairs of messages came on one thread");
        Assert.Equal(0, allocated.Order().ElementAt(allocated.Count / 2));
        Assert.Equal(0, byPublisher.Order().ElementAt(byPublisher.Count / 2));
    }
}
