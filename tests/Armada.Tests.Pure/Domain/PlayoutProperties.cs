using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Testing.Playouts;

namespace Armada.Tests.Pure.Domain;

/// <summary>What holds whatever a network does to the samples of a hand.</summary>
public sealed class PlayoutProperties
{
    private const double Limit = 90;
    private const double Seconds = 5;
    private static readonly ImmutableArray<Joint> Joints = [new("pan", JointUnit.Degree, -Limit, Limit, 180, 0)];

    /// <summary>A way of samples and a motion at most at the given speed.</summary>
    public sealed record Trace(
        double RoundTripMs, double JitterMs, double LossPercent, double StallMs, double Hz, double Speed, double Missing, PlayoutMode Mode, int Seed)
    {
        public double Pan(double at) => Limit * 0.6 * Math.Sin(at * Speed / (Limit * 0.6));

        public IReadOnlyList<Arrival> Arrivals()
        {
            var random = new Random(Seed);
            var way = new SimulatedWay(RoundTripMs, Math.Min(JitterMs, RoundTripMs), LossPercent, StallMs, StallEverySeconds: 5);
            // What the silo dropped is not held up by TCP, but lost.
            return [.. way.Carry(at => [Pan(Math.Min(at, Seconds))], Seconds + 3, Hz, Seed).Where(_ => random.NextDouble() >= Missing)];
        }

        public PlayoutTrial Trial() => new(Joints, Mode, SourceRate.Watchdog(Hz));
    }

    [Fact]
    public void Goals_stay_on_the_path_but_for_a_tenth_of_a_second_and_within_the_limits() => ForAnyTrace(trace =>
    {
        // Between two samples and beyond the last by what the speed gives; straight ways cut corners of the motion a little.
        var acceleration = trace.Speed * trace.Speed / (Limit * 0.6);
        var most = (trace.Speed * 0.1 * 1.1) + (acceleration * Math.Pow(4 / trace.Hz, 2)) + 1;
        var goals = trace.Trial().Run(trace.Arrivals());
        return goals.All(goal => Math.Abs(goal.Pose[0]) <= Limit && NearestTo(trace, goal) <= most);
    });

    [Fact]
    public void Goals_never_go_much_faster_than_one_and_a_half_times_the_hand() => ForAnyTrace(trace =>
    {
        var goals = trace.Trial().Run(trace.Arrivals());
        return Enumerable.Range(40, goals.Count - 40).All(index =>
            Math.Abs(goals[index].Pose[0] - goals[index - 40].Pose[0]) <= (trace.Speed * 1.6 * 0.2) + 2);
    });

    [Fact]
    public void What_is_played_never_goes_back_and_its_rate_is_bounded() => ForAnyTrace(trace =>
    {
        var trial = trace.Trial();
        var arrivals = trace.Arrivals();
        var last = long.MinValue;
        trial.Law.HoldAt(arrivals[0].Pose);
        for (var (at, next) = (arrivals[0].At, 0); at < Seconds; at += 0.005)
        {
            for (; next < arrivals.Count && arrivals[next].At <= at; next++)
                trial.Add(arrivals[next]);
            if (trial.Step(at).State != PlayoutState.Playing)
                continue;
            if (trial.Played.Last.CapturedAt < last || trial.Played.Rate is < 0 or > 1.5)
                return false;
            last = trial.Played.Last.CapturedAt;
        }

        return true;
    });

    [Fact]
    public void It_ends_where_the_hand_has_come_to_rest() => ForAnyTrace(trace =>
    {
        var arrivals = trace.Arrivals();
        return Math.Abs(trace.Trial().Run(arrivals)[^1].Pose[0] - arrivals[^1].Pose[0]) < 0.1;
    });

    [Fact]
    public void The_delay_is_bounded_by_its_mode_and_one_interval_of_a_slow_source() => ForAnyTrace(trace =>
    {
        var trial = trace.Trial();
        trial.Run(trace.Arrivals());
        var most = trace.Mode switch { PlayoutMode.Quick => 0.1, PlayoutMode.Balanced => 0.2, _ => 0.3 };
        return trial.Playout.Delay / 1e6 <= most + (trace.Hz < 100 ? 1.6 / (trace.Hz * (1 - trace.Missing)) : 0.01);
    });

    private static double NearestTo(Trace trace, Goals goal)
    {
        var nearest = double.MaxValue;
        for (var at = Math.Max(0, goal.At - 2.5); at <= goal.At; at += 0.005)
            nearest = Math.Min(nearest, Math.Abs(trace.Pan(Math.Min(at, Seconds)) - goal.Pose[0]));
        return nearest;
    }

    /// <summary>The same traces each time, so that a law that is not exact to the last degree is judged the same everywhere.</summary>
    private static void ForAnyTrace(Func<Trace, bool> holds)
    {
        var random = new Random(1);
        double[] rates = [100, 100, 100, 50, 20, 10, 5];
        for (var count = 0; count < 40; count++)
        {
            var trace = new Trace(
                random.Next(251), random.Next(61), random.Next(21) / 10.0, random.Next(3) == 0 ? random.Next(50, 900) : 0, rates[random.Next(rates.Length)],
                random.Next(5, 101), random.Next(6) / 100.0, (PlayoutMode)random.Next(3), random.Next(1000));
            Assert.True(holds(trace), trace.ToString());
        }
    }
}
