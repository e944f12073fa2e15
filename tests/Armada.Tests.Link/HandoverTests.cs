using Armada.Mqtt;

namespace Armada.Tests.Link;

public sealed class HandoverTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public void The_newest_sample_wins_and_the_others_are_counted()
    {
        using var slot = new LatestValue(8);
        var into = new byte[8];
        Assert.False(slot.TryTake(into, out _));
        Assert.True(slot.TryPut([1]));
        Assert.True(slot.TryPut([2, 2]));
        Assert.True(slot.TryPut([3, 3, 3]));
        Assert.True(slot.TryTake(into, out var length));
        Assert.Equal([3, 3, 3], into[..length]);
        Assert.Equal(2, slot.Overwritten);
        Assert.False(slot.TryTake(into, out _));
    }

    [Fact]
    public void A_sample_that_is_too_long_leaves_the_slot_as_it_is()
    {
        using var slot = new LatestValue(2);
        slot.TryPut([7]);
        Assert.False(slot.TryPut([1, 2, 3]));
        var into = new byte[2];
        Assert.True(slot.TryTake(into, out var length));
        Assert.Equal([7], into[..length]);
    }

    [Fact]
    public async Task Two_threads_see_whole_samples_in_order_and_the_last_one()
    {
        const int count = 200_000;
        using var slot = new LatestValue(64);
        var producer = Task.Run(() =>
        {
            var sample = new byte[64];
            for (var i = 1; i <= count; i++)
            {
                for (var at = 0; at < sample.Length; at += sizeof(int)) BitConverter.TryWriteBytes(sample.AsSpan(at), i);
                slot.TryPut(sample);
            }
        });
        var (last, taken) = (0, 0);
        var into = new byte[64];
        while (last < count)
        {
            Assert.True(slot.Wait(Limit, CancellationToken.None), $"no sample came after {last}");
            if (!slot.TryTake(into, out _)) continue;
            var number = BitConverter.ToInt32(into);
            for (var at = 0; at < into.Length; at += sizeof(int)) Assert.Equal(number, BitConverter.ToInt32(into, at));
            Assert.True(number > last, $"{number} came after {last}");
            (last, taken) = (number, taken + 1);
        }
        await producer;
        Assert.Equal(count, taken + slot.Overwritten);
    }

    [Fact]
    public void Putting_and_taking_allocate_nothing()
    {
        using var slot = new LatestValue(64);
        var sample = new byte[64];
        slot.TryPut(sample);
        slot.TryTake(sample, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            slot.TryPut(sample);
            slot.TryTake(sample, out _);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public async Task Control_keeps_its_order_and_shows_its_length()
    {
        var queue = new ControlQueue<int>();
        for (var i = 0; i < 100; i++) Assert.True(queue.TryPut(i));
        Assert.Equal(100, queue.Length);
        queue.Close();
        Assert.False(queue.TryPut(100));
        var taken = new List<int>();
        await foreach (var item in queue.TakeAllAsync(CancellationToken.None)) taken.Add(item);
        Assert.Equal(Enumerable.Range(0, 100), taken);
        Assert.Equal(0, queue.Length);
        Assert.False(queue.TryTake(out _));
    }
}
