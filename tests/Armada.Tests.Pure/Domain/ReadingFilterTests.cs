using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Pure.Domain;

public sealed class ReadingFilterTests
{
    private const long Sample = 10_000;
    private const double Degree = 360.0 / 4096;
    private static readonly ImmutableArray<Joint> Joints =
        [new("roll", JointUnit.Degree, -157.2, 162.8, 180, 0), new("gripper", JointUnit.Percent, 0, 100, 200, 0)];

    private readonly ReadingFilter filter = new(Joints, unwraps: true);
    private readonly double[] path = new double[2];
    private long at = 1_000_000;
    private bool begins;

    [Fact]
    public void A_joint_turned_over_the_end_of_its_encoder_goes_on_the_same_way()
    {
        Assert.True(Take(Raw(4000)), "the first reading begins no path");
        var last = path[0];
        for (var raw = 4004; raw < 4096 + 131; raw += 4)
        {
            Assert.False(Take(Raw(raw % 4096)), $"a new path begins at {raw}");
            Assert.InRange(path[0] - last, 0, 1);
            last = path[0];
        }

        Assert.Equal(Raw(4000) + (227 * Degree), last, 1.0);
        for (var raw = 4096 + 131; raw > 3000; raw -= 4)
            Take(Raw(raw % 4096));
        Assert.Equal(Raw(3000), path[0], 0.5);
    }

    /// <summary>Whatever a hand does, the path never makes a step that the reading does not make the short way.</summary>
    [Fact]
    public void A_path_never_goes_the_long_way_round() => Prop.ForAll(
        Arb.From(Gen.Choose(-60, 60).ListOf()),
        turns =>
        {
            var test = new ReadingFilterTests();
            var raw = 2048;
            test.Take(Raw(raw));
            return turns.All(turn =>
            {
                var before = test.path[0];
                raw = (raw + (turn / 3) + 4096) % 4096;
                return !test.Take(Raw(raw)) && Math.Abs(test.path[0] - before) < 21 * Degree;
            });
        }).QuickCheckThrowOnFailure();

    /// <summary>Readings of any kind, wrong ones among them: a path leaves where it was only to begin, and then only where two
    /// readings in turn agree.</summary>
    [Fact]
    public void A_step_that_no_hand_makes_is_never_in_a_path_that_goes_on() => Prop.ForAll(
        Arb.From(Gen.OneOf(Gen.Choose(-18_000, 18_000).Select(hundredths => hundredths / 100.0), Gen.Elements(double.NaN, 0.0)).ListOf()),
        readings =>
        {
            var test = new ReadingFilterTests();
            var (last, lastAt, before) = (double.NaN, 0L, double.NaN);
            foreach (var reading in readings)
            {
                test.Take(reading);
                var now = test.path[0];
                if (double.IsFinite(now))
                {
                    var reach = HandMotion.Reach(JointUnit.Degree, 720, (test.at - lastAt) / 1e6);
                    var confirmed = double.IsNaN(last) || Math.Abs(HandMotion.Way(JointUnit.Degree, before, reading)) < 15;
                    if (test.begins ? !confirmed : Math.Abs(now - last) > reach)
                        return false;
                    (last, lastAt) = (now, test.at);
                }

                before = double.IsNaN(reading) ? before : reading;
                if (double.IsNaN(reading))
                    last = test.at - lastAt > ReadingFilter.MaxSilence ? double.NaN : last;
            }

            return true;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0)]
    [InlineData(-170)]
    [InlineData(91)]
    public void One_wrong_reading_is_left_out(double wrong)
    {
        foreach (var reading in new[] { 60.0, 60, 60.2, 60.4 })
            Take(reading);
        Assert.False(Take(wrong));
        Assert.True(double.IsNaN(path[0]), $"the path goes to {path[0]}");
        Assert.False(Take(60.7));
        Assert.Equal(60.7, path[0]);
    }

    [Fact]
    public void A_step_that_a_second_reading_confirms_begins_a_path_there()
    {
        Take(60);
        Take(-40);
        Assert.True(Take(-40.5));
        Assert.Equal(-40.5, path[0]);
        Assert.False(Take(-41));
    }

    [Fact]
    public void Readings_that_all_contradict_each_other_are_never_followed()
    {
        Take(0);
        for (var count = 1; count < 100; count++)
            Assert.False(Take(count % 2 == 0 ? 90 : -90), "a path begins");
        Assert.True(double.IsNaN(path[0]));
    }

    [Fact]
    public void A_joint_that_is_read_again_after_a_silence_begins_anew_wherever_it_is()
    {
        Take(0);
        for (var sample = 0; sample < 31; sample++)
            Take(double.NaN);
        Assert.True(Take(1));
        Take(double.NaN);
        Assert.False(Take(1.5));
    }

    [Fact]
    public void A_hand_that_snaps_a_trigger_shut_is_followed()
    {
        for (var sample = 0; sample <= 12; sample++)
            Assert.Equal(sample == 0, filter.Take([0, 50 + (50 * Math.Cos(sample / 12.0 * Math.PI))], at += Sample, path));
    }

    [Fact]
    public void A_source_whose_clock_is_set_goes_on()
    {
        Take(10);
        foreach (var jump in new[] { -3_600_000_000, 3_600_000_000 })
        {
            at += jump;
            Assert.False(Take(10.3));
            Assert.Equal(10.3, path[0]);
        }
    }

    [Fact]
    public void A_sample_allocates_nothing()
    {
        double[] readings = [1, 2];
        filter.Take(readings, at, path);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1000; round++)
            filter.Take(readings, at += Sample, path);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static double Raw(int steps) => (steps - 2047.5) * Degree;

    private bool Take(double roll) => begins = filter.Take([roll, 50], at += Sample, path);
}
