using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Testing.Playouts;

namespace Armada.Tests.Pure.Domain;

public sealed class PlayoutTests
{
    private const double Speed = 60;
    private static readonly ImmutableArray<Joint> Joints =
        [new("pan", JointUnit.Degree, -180, 180, 180, 0), new("gripper", JointUnit.Percent, 0, 100, 200, 0)];

    private readonly PlayoutTrial trial = new(Joints);

    [Fact]
    public void On_a_clean_link_the_pose_is_six_milliseconds_old_and_moves_evenly()
    {
        var goals = trial.Run(Steady(100, 3), rest: 0);
        Assert.InRange(trial.Playout.Delay, 5_000, 8_000);
        Assert.All(Speeds(goals, 1, 2.8), speed => Assert.InRange(speed, Speed * 0.98, Speed * 1.02));
        Assert.All(goals.Where(goal => goal.At is > 1 and < 2.8), goal => Assert.InRange(LagOf(goal), 0.005, 0.008));
        Assert.Equal(0, trial.Playout.Report()!.Underruns);
    }

    /// <summary>Programs over HTTP, MicroPython leaders: they neither stand still nor peak.</summary>
    [Theory]
    [InlineData(50)]
    [InlineData(20)]
    [InlineData(10)]
    [InlineData(5)]
    [InlineData(3)]
    public void A_slow_source_is_played_evenly_at_a_delay_of_one_interval(double hz)
    {
        var slow = new PlayoutTrial(Joints, watchdog: SourceRate.Watchdog(hz));
        var goals = slow.Run(Steady(hz, 8, speed: 30));
        Assert.All(Speeds(goals, 3, 7.5), speed => Assert.InRange(speed, 29, 31));
        Assert.InRange(slow.Playout.Delay / 1e6, 0.5 / hz, (1 / hz) + 0.005);
    }

    [Fact]
    public void A_slow_source_that_says_between_its_samples_that_nothing_moved_is_played_evenly_too()
    {
        var slow = new PlayoutTrial(Joints, watchdog: SourceRate.Watchdog(3));
        var goals = slow.Run([.. Steady(3, 8, speed: 30).SelectMany(arrival => new[]
        {
            arrival, arrival with { At = arrival.At + 0.1, Captured = arrival.Captured + 0.1, KeepAlive = true },
            arrival with { At = arrival.At + 0.2, Captured = arrival.Captured + 0.2, KeepAlive = true },
        })]);
        Assert.All(Speeds(goals, 3, 7.5), speed => Assert.InRange(speed, 29, 31));
    }

    [Fact]
    public void Samples_that_come_five_in_a_message_are_played_evenly()
    {
        var arrivals = Steady(100, 4).Select((arrival, index) => arrival with { At = ((index / 5 * 5) + 4) * 0.01 }).ToArray();
        var goals = trial.Run(arrivals);
        Assert.All(Speeds(goals, 1.5, 3.8), speed => Assert.InRange(speed, Speed * 0.97, Speed * 1.03));
        Assert.InRange(trial.Playout.Delay, 40_000, 60_000);
    }

    [Fact]
    public void A_rest_is_no_underrun_and_the_move_after_it_is_followed_at_once()
    {
        var arrivals = Steady(100, 1);
        var (last, pose) = (arrivals[^1], arrivals[^1].Pose);
        for (var count = 1; count <= 10; count++)
            arrivals.Add(new Arrival(last.At + (count * 0.01), last.Captured + (count * 0.01), false, pose));
        for (var count = 1; count <= 20; count++)
            arrivals.Add(new Arrival(last.At + 0.1 + (count * 0.08), last.Captured + 0.1 + (count * 0.08), true, pose));
        var (at, captured) = (arrivals[^1].At + 0.03, arrivals[^1].Captured + 0.03);
        for (var count = 1; count <= 100; count++)
            arrivals.Add(new Arrival(at + (count * 0.01), captured + (count * 0.01), false, [pose[0] + (count * 0.6), 50]));
        var goals = trial.Run(arrivals, rest: 0);
        Assert.Equal(0, trial.Playout.Report()!.Underruns);
        Assert.InRange(goals.First(goal => goal.Pose[0] > pose[0] + 0.6).At - at, 0.01, 0.04);
        Assert.All(goals.Where(goal => goal.At > last.At + 0.2 && goal.At < at), goal => Assert.Equal(pose[0], goal.Pose[0], 0.05));
    }

    /// <summary>As when a leader's servo does not answer for a while.</summary>
    [Theory]
    [InlineData(36, 0.25)]
    [InlineData(90, 0.15)]
    [InlineData(60, 0.05)]
    public void A_joint_that_was_not_read_for_a_while_catches_up_no_faster_than_one_and_a_half_times(double speed, double unread)
    {
        var arrivals = Steady(100, 3, speed).Select(arrival =>
            arrival.At >= 1.5 && arrival.At < 1.5 + unread ? arrival with { Pose = [double.NaN, 50], KeepAlive = arrival.At > 1.6 } : arrival).ToArray();
        var goals = trial.Run(arrivals, rest: 0);
        Assert.Equal(FollowPhase.Tracking, trial.Law.Phase);
        Assert.All(Speeds(goals, 1, 3), at => Assert.True(at <= speed * 1.5, $"{at} degrees a second"));
        Assert.Equal(arrivals[^1].Pose[0], goals[^1].Pose[0], 1.5);
    }

    [Fact]
    public void A_lost_sample_does_not_show()
    {
        var arrivals = Steady(100, 3);
        arrivals.RemoveAt(150);
        Assert.All(Speeds(trial.Run(arrivals), 1, 2.8), speed => Assert.InRange(speed, Speed * 0.95, Speed * 1.05));
    }

    /// <summary>Within the epoch: along the leader's own path, at most 1.5 times as fast, without an approach.</summary>
    [Theory]
    [InlineData(0.2)]
    [InlineData(0.45)]
    [InlineData(1.5)]
    public void After_a_stall_it_catches_up_on_the_path_no_faster_than_one_and_a_half_times(double stall)
    {
        static double Sine(double at) => 40 * Math.Sin(at * 1.5);
        var arrivals = Enumerable.Range(0, 800).Select(index => index * 0.01)
            .Select(at => new Arrival(at is > 2 && at < 2 + stall ? 2 + stall + (at * 1e-5) : at, at, false, [Sine(at), 50])).ToArray();
        var goals = new List<Goals>();
        var rates = new List<double>();
        trial.Law.HoldAt([0, 50]);
        for (var (at, next) = (0.0, 0); at < 8; at += 0.005)
        {
            for (; next < arrivals.Length && arrivals[next].At <= at; next++)
                trial.Add(arrivals[next]);
            goals.Add(trial.Step(at));
            rates.Add(trial.Played.Rate);
            if (at > 1)
                Assert.NotEqual(FollowPhase.Approaching, trial.Law.Phase);
        }

        Assert.All(Speeds(goals, 1, 8), speed => Assert.True(Math.Abs(speed) <= 60 * 1.5, $"{speed} degrees a second"));
        Assert.All(goals.Where(goal => goal.At > 2 + stall + (2.5 * stall) + 0.5), goal => Assert.Equal(Sine(goal.At - 0.008), goal.Pose[0], 0.7));
        Assert.All(rates, rate => Assert.InRange(rate, 0, 1.5));
        Assert.Equal(1, trial.Playout.Report()!.CatchUps);
    }

    [Fact]
    public void In_a_stall_it_goes_on_for_less_than_a_tenth_of_a_second_and_then_stands()
    {
        var goals = trial.Run(Steady(100, 2), rest: 1);
        var end = goals[^1];
        Assert.Equal(PlayoutState.Paused, end.State);
        Assert.InRange(end.Pose[0] - PanAt(1.99), Speed * 0.05, Speed * 0.1);
        Assert.All(goals.Where(goal => goal.At > 2.3), goal => Assert.Equal(end.Pose[0], goal.Pose[0]));
    }

    [Fact]
    public void After_two_seconds_of_silence_it_begins_anew()
    {
        Assert.Equal(PlayoutState.Idle, trial.Run(Steady(100, 1), rest: 2.1)[^1].State);
        Assert.Null(trial.Playout.Report());
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(1.5)]
    [InlineData(-0.3)]
    [InlineData(-2)]
    [InlineData(-3600)]
    public void A_source_whose_clock_is_set_goes_on(double jump)
    {
        var arrivals = Steady(100, 4).Select(arrival => arrival.At < 2 ? arrival : arrival with { Captured = arrival.Captured + jump }).ToArray();
        var goals = trial.Run(arrivals);
        Assert.All(Speeds(goals, 1, 3.8), speed => Assert.InRange(speed, Speed * 0.8, Speed * 1.2));
        Assert.Equal(FollowPhase.Tracking, trial.Law.Phase);
    }

    /// <summary>What a follower's own clock does to arrivals if it is set, and the source's drift.</summary>
    [Theory]
    [InlineData(1.0001)]
    [InlineData(0.9999)]
    public void A_clock_that_drifts_by_100_ppm_adds_no_delay(double drift)
    {
        var arrivals = Steady(100, 300, speed: 0.5).Select(arrival => arrival with { Captured = arrival.Captured * drift }).ToArray();
        trial.Run(arrivals, rest: 0);
        Assert.InRange(trial.Playout.Delay, 5_000, 12_000);
        Assert.Equal(0, trial.Playout.Report()!.Underruns);
    }

    [Fact]
    public void A_sample_that_is_to_be_approached_is_not_gone_to_at_the_speed_of_a_hand()
    {
        Drive(Steady(100, 1, speed: 0));
        for (var count = 0; count < 100; count++)
        {
            var at = 1 + (count * 0.01);
            trial.Add(new Arrival(at, at, false, [-70, 50]), approach: count < 10);
            trial.Step(at);
            trial.Step(at + 0.005);
            Assert.InRange(trial.Law.Goals[0], -90, -90 + (45 * (0.01 * (count + 1))) + 0.01);
        }

        Assert.Equal(-70, trial.Law.Goals[0], 0.5);
    }

    [Fact]
    public void A_leap_is_not_played_as_a_move()
    {
        Drive(Steady(100, 1, speed: 0));
        trial.Add(new Arrival(1, 1, false, [-60, 50]));
        for (var tick = 0; tick < 10; tick++)
            trial.Step(1 + (tick * 0.005));
        Assert.Equal(FollowPhase.Approaching, trial.Law.Phase);
        Assert.InRange(trial.Law.Goals[0], -90, -90 + (45 * 0.055));
    }

    [Fact]
    public void A_joint_that_is_not_read_stays_and_is_approached_when_it_comes_back()
    {
        Drive(Steady(100, 1, speed: 0));
        for (var count = 0; count < 60; count++)
        {
            var at = 1 + (count * 0.01);
            trial.Add(new Arrival(at, at, false, [count is >= 5 and < 50 ? double.NaN : count < 5 ? -90 : -75, 50 - (count * 0.5)]));
            trial.Step(at);
            trial.Step(at + 0.005);
            if (count < 50)
                Assert.Equal(-90, trial.Law.Goals[0], 0.001);
        }

        Assert.Equal(FollowPhase.Approaching, trial.Law.Phase);
        Assert.InRange(trial.Law.Goals[1], 20.4, 21.1);
    }

    [Fact]
    public void Samples_without_any_reading_do_not_keep_it_from_pausing()
    {
        Drive(Steady(100, 1));
        var state = PlayoutState.Playing;
        for (var count = 0; count < 32; count++)
        {
            trial.Add(new Arrival(1 + (count * 0.01), 1 + (count * 0.01), false, [double.NaN, double.NaN]));
            state = trial.Step(1 + (count * 0.01)).State;
        }

        Assert.Equal(PlayoutState.Paused, state);
    }

    [Fact]
    public void What_came_too_late_is_never_where_the_path_ends()
    {
        Drive(Steady(100, 1));
        trial.Add(new Arrival(1.4, 1, false, [PanAt(1), 50]));
        Assert.Equal(PlayoutState.Paused, trial.Step(1.4).State);
        trial.Add(new Arrival(1.41, 1.4, false, [PanAt(1.4), 50]));
        Assert.Equal(PlayoutState.Playing, trial.Step(1.41).State);
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var playout = new Playout(Joints, PlayoutMode.Smooth);
        double[] sample = [0, 50];
        double[] pose = [0, 0];
        Play(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Play(5000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Play(int ticks)
        {
            for (var tick = 0; tick < ticks; tick++)
            {
                var now = new Timestamp(tick * 5_000, 0);
                sample[0] = tick % 100;
                playout.Add(new SampleStamp(1, (uint)tick, now.Monotonic, 300), sample, now);
                playout.Play(now, pose, out _);
            }
        }
    }

    private void Drive(List<Arrival> arrivals) => trial.Run(arrivals, rest: 0);

    private static double PanAt(double at) => -90 + (at * Speed);

    private static double LagOf(Goals goal) => goal.At - ((goal.Pose[0] + 90) / Speed);

    private static IEnumerable<double> Speeds(IReadOnlyList<Goals> goals, double from, double to)
    {
        for (var index = 8; index < goals.Count; index++)
        {
            if (goals[index - 8].At >= from && goals[index].At <= to)
                yield return (goals[index].Pose[0] - goals[index - 8].Pose[0]) / (goals[index].At - goals[index - 8].At);
        }
    }

    private static List<Arrival> Steady(double hz, double seconds, double speed = Speed) =>
        [.. Enumerable.Range(0, (int)(hz * seconds)).Select(index => index / hz).Select(at => new Arrival(at, at, false, [-90 + (at * speed), 50]))];
}
