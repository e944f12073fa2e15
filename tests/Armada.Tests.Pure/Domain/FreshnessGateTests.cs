using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Tests.Pure.Domain;

public sealed class FreshnessGateTests
{
    private readonly FreshnessGate gate = new();
    private long now = 77_000_000;
    private long clock = 1_800_000_000_000_000;

    [Fact]
    public void Age_is_what_a_sample_took_longer_than_the_quickest()
    {
        Pass(0.01);
        Assert.Equal(0, Age());
        Assert.Equal(40_000, Age(late: 40_000));
        Assert.Equal(0, Age());
    }

    [Fact]
    public void A_backlog_that_is_delivered_late_is_old_until_it_is_worked_off()
    {
        Age();
        var stalled = 0;
        var fresh = 0;
        var end = now + 1_000_000;
        for (var sample = 0; sample < 100; sample++)
        {
            clock += 10_000;
            if (gate.IsFresh(new SampleStamp(1, 1, clock, 300), new Timestamp(end, 0)))
                fresh++;
            else
                stalled++;
        }

        Assert.Equal(70, stalled);
        Assert.Equal(30, fresh);
    }

    [Theory]
    [InlineData(3_600_000_000)]
    [InlineData(-3_600_000_000)]
    [InlineData(-200_000)]
    public void A_source_whose_clock_jumps_is_not_old(long jump)
    {
        Run(seconds: 1);
        clock += jump;
        Run(seconds: 30);
    }

    [Fact]
    public void A_clock_that_drifts_is_not_old()
    {
        for (var sample = 0; sample < 100_000; sample++)
        {
            Pass(0.01);
            clock -= 2; // 200 ppm slow: 200 ms after the 1000 s that pass here
            Assert.InRange(Age(), 0, 5_000);
        }
    }

    [Fact]
    public void A_way_that_became_longer_for_good_is_the_new_measure_after_20_seconds()
    {
        Run(seconds: 1);
        var age = 0L;
        for (var sample = 0; sample < 2_100; sample++)
        {
            Pass(0.01);
            age = Age(late: 100_000);
        }

        Assert.Equal(0, age);
    }

    [Fact]
    public void A_pause_of_a_minute_makes_nothing_old()
    {
        Run(seconds: 1);
        Pass(60);
        Assert.Equal(0, Age());
    }

    [Fact]
    public void Absurd_capture_times_spoil_nothing_for_long()
    {
        Run(seconds: 1);
        foreach (var absurd in new[] { long.MinValue, long.MaxValue, 0, -1 })
        {
            Assert.True(gate.Age(absurd, new Timestamp(now, 0)) >= 0);
            Pass(0.01);
            Assert.True(Age() >= 0);
        }

        Run(seconds: 1);
    }

    [Fact]
    public void Without_a_time_to_live_nothing_is_too_old()
    {
        Age();
        Assert.True(gate.IsFresh(new SampleStamp(1, 1, clock), new Timestamp(now + 60_000_000, 0)));
    }

    private void Run(double seconds)
    {
        for (var sample = 0; sample < seconds * 100; sample++)
        {
            Pass(0.01);
            Assert.True(gate.IsFresh(new SampleStamp(1, 1, clock), new Timestamp(now, 0), 300), $"old after {sample} samples");
        }
    }

    private long Age(long late = 0) => gate.Age(clock, new Timestamp(now + late, 0));

    private void Pass(double seconds)
    {
        now += (long)(seconds * 1_000_000);
        clock += (long)(seconds * 1_000_000);
    }
}
