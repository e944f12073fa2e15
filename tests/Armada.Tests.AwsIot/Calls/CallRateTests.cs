using Armada.Silo.AwsIot;
using Armada.Testing;

namespace Armada.Tests.AwsIot.Calls;

public sealed class CallRateTests
{
    private const int Documented = 15; // Calls per second that AWS takes of each operation that provisions.

    [Fact]
    public async Task No_second_ever_has_more_calls_than_AWS_takes()
    {
        var time = new HandTime();
        var rate = new CallRate(new AwsIotSettings().CallsPerSecond, time);
        List<DateTimeOffset> done = [];
        var calls = Enumerable.Range(0, 100).Select(_ => CallAsync()).ToList();
        for (var step = 0; step < 200 && done.Count < calls.Count; step++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Eventually.Holds("the calls that are due are done", () => Count() >= Math.Min(calls.Count, 5 + step));
        }

        await Task.WhenAll(calls);
        Assert.InRange(done[^1] - done[0], TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(10));
        Assert.All(done, from => Assert.InRange(done.Count(at => at >= from && at < from + TimeSpan.FromSeconds(1)), 1, Documented));

        async Task CallAsync()
        {
            await rate.AcquireAsync(default);
            lock (done)
                done.Add(time.GetUtcNow());
        }

        int Count()
        {
            lock (done)
                return done.Count;
        }
    }

    [Fact]
    public async Task After_a_pause_some_calls_go_at_once_and_no_more_than_half_a_second_of_them()
    {
        var time = new HandTime();
        var rate = new CallRate(10, time);
        for (var round = 0; round < 2; round++)
        {
            for (var call = 0; call < 5; call++)
                Assert.Equal(TimeSpan.Zero, await rate.AcquireAsync(default));
            var late = rate.AcquireAsync(default).AsTask();
            Assert.False(late.IsCompleted);
            time.Advance(TimeSpan.FromMilliseconds(100));
            Assert.Equal(TimeSpan.FromMilliseconds(100), await late);
            time.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public async Task Who_gives_up_waits_no_longer()
    {
        var rate = new CallRate(1, new HandTime());
        await rate.AcquireAsync(default);
        using var gone = new CancellationTokenSource();
        var waiting = rate.AcquireAsync(gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
