using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

public sealed class SourceRateTests
{
    private readonly SourceRate rate = new();
    private SampleStamp stamp = new(7, uint.MaxValue - 3, 1_800_000_000_000_000);

    [Theory]
    [InlineData(100, null)]
    [InlineData(12.5, null)]
    [InlineData(5, 5.0)]
    [InlineData(3, 3.0)]
    public void What_sends_slowly_is_known_after_a_few_samples(double hz, double? slow)
    {
        Send(1 / hz, times: 6);

        Assert.Equal(slow, rate.SlowHz);
    }

    [Fact]
    public void What_is_lost_does_not_make_it_slow()
    {
        for (var sample = 0; sample < 20; sample++)
            Send(0.5, steps: 50);

        Assert.Null(rate.SlowHz);
    }

    [Fact]
    public void Neither_a_pause_nor_two_at_once_say_how_fast_it_sends()
    {
        Send(0.2, times: 6);
        foreach (var seconds in (double[])[0.39, 0.01, 0.2, 0.2, 1.5, 0.2, 0.2, 0.2])
            Assert.False(Send(seconds), $"announced anew after {seconds} s");

        Assert.Equal(5, rate.SlowHz);
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void A_clock_that_is_set_is_no_pause(double seconds)
    {
        Send(0.2, times: 6);
        Assert.False(Send(seconds));
        Assert.False(Send(0.2, times: 9));
    }

    [Fact]
    public void A_change_is_told_once()
    {
        Assert.False(Send(0.01, times: 9));
        Assert.True(Send(0.2, times: 9));
        Assert.False(Send(0.21, times: 20));
        Assert.True(Send(0.01, times: 9));
        Assert.False(Send(0.01, times: 9));
    }

    [Theory]
    [InlineData(null, 300)]
    [InlineData(20.0, 300)]
    [InlineData(5.0, 500)]
    [InlineData(3.0, 833.3)]
    [InlineData(1.0, 1000)]
    public void Followers_wait_two_and_a_half_intervals_within_bounds(double? hz, double milliseconds) =>
        Assert.Equal(milliseconds, SourceRate.Watchdog(hz).TotalMilliseconds, 0.1);

    private bool Send(double seconds, int times = 1, uint steps = 1)
    {
        var told = false;
        for (var sample = 0; sample < times; sample++)
        {
            stamp = stamp with { Sequence = unchecked(stamp.Sequence + steps), CapturedAt = stamp.CapturedAt + (long)(seconds * 1e6) };
            told |= rate.Observe(stamp);
        }

        return told;
    }
}
