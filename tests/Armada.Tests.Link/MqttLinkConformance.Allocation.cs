using Armada.Mqtt;
using Armada.Testing.Brokers;

namespace Armada.Tests.Link;

/// <content>What messages cost the garbage collector.</content>
public abstract partial class MqttLinkConformance
{
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
}
