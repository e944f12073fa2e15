using System.Diagnostics;
using Armada.Mqtt;
using Armada.Testing.Brokers;
using Microsoft.Win32.SafeHandles;

namespace Armada.Tests.Link;

/// <content>What would be slow, or fail, only in a large process or with a broker set up in its own way.</content>
public abstract partial class MqttLinkConformance
{
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
