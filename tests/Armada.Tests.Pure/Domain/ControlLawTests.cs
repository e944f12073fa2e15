using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Pure.Domain;

public sealed class ControlLawTests
{
    private const double Limit = 180;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(5);
    private static readonly ImmutableArray<Joint> Joints =
        [new("pan", JointUnit.Degree, -100, 100, Limit, 0), new("gripper", JointUnit.Percent, 0, 100, 200, 0)];

    private readonly ControlLaw law = new(Joints, RobotTiming.Default, 2 * Period);
    private Timestamp now = new(1_000_000, 0);

    /// <summary>One thing that happens to a law: nothing, a command, a hold, a hold at another pose; then a tick after some time.</summary>
    public sealed record Act(int Kind, double Pan, double Gripper, int Microseconds);

    [Fact]
    public void Goals_stay_within_the_limits_whatever_comes() => ForAnyActs((test, acts) =>
    {
        test.Start(0, 50);
        return acts.All(act =>
        {
            test.Do(act);
            return test.law.Goals[0] is >= -100 and <= 100 && test.law.Goals[1] is >= 0 and <= 100;
        });
    });

    [Fact]
    public void Goals_never_move_faster_than_the_joint_may() => ForAnyActs((test, acts) =>
    {
        test.Start(0, 50);
        var (since, from) = (test.now, test.law.Goals[0]);
        return acts.All(act =>
        {
            test.Do(act);
            if (act.Kind == 3)
                (since, from) = (test.now, test.law.Goals[0]);
            var most = Limit * ((test.now.MicrosecondsSince(since) / 1e6) + (2 * Period.TotalSeconds));
            return Math.Abs(test.law.Goals[0] - from) <= most + 1e-6;
        });
    });

    [Fact]
    public void A_hold_of_any_kind_is_never_left_by_a_jump() => ForAnyActs((test, acts) =>
    {
        test.Start(0, 50);
        return acts.All(act =>
        {
            var holding = test.law.Phase == FollowPhase.Holding || act.Kind is 2 or 3;
            var before = act.Kind == 3 ? Within(act.Pan) : test.law.Goals[0];
            test.Do(act);
            return !holding || Math.Abs(test.law.Goals[0] - before) <= RobotTiming.Default.ApproachVelocity * 2 * Period.TotalSeconds;
        });
    });

    [Fact]
    public void An_arm_that_rests_outside_its_limits_is_held_there_and_moves_only_inwards()
    {
        Start(120, 50);
        Tick();
        Assert.Equal(120, law.Goals[0]);
        for (var tick = 0; tick < 400; tick++)
        {
            var before = law.Goals[0];
            Command(150, 50);
            Tick();
            Assert.True(law.Goals[0] <= before, "the goal moved outwards");
        }

        Assert.Equal(100, law.Goals[0]);
    }

    [Fact]
    public void A_joint_without_a_reading_gets_no_goal_until_it_has_one()
    {
        Start(double.NaN, 50);
        Command(10, 50);
        Tick();
        Assert.True(double.IsNaN(law.Goals[0]), "a goal was made up for a joint whose position is unknown");
        law.Adopt([5, 0]);
        Tick();
        Assert.InRange(law.Goals[0], 5, 5.5);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        Start(0, 50);
        double[] command = [10, 20];
        Act();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1000; round++)
            Act();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Act()
        {
            law.Command(command, now.Monotonic, approaches: false, now);
            Tick();
        }
    }

    [Fact]
    public void Every_approach_ends_once_its_target_stands_still() => ForAnyActs((test, acts) =>
    {
        test.Start(0, 50);
        foreach (var act in acts)
            test.Do(act);
        test.Follow(() => 80, TimeSpan.FromMilliseconds(50), 100);
        return test.law.Phase == FollowPhase.Tracking && Math.Abs(test.law.Goals[0] - 80) < 0.01;
    });

    [Fact]
    public void An_approach_ends_although_its_target_goes_on_faster_than_it()
    {
        Start(0, 50);
        var pan = -100.0;
        Follow(() => Math.Min(100, pan += 0.9), TimeSpan.FromMilliseconds(10), 200);
        Assert.Equal(FollowPhase.Tracking, law.Phase);
    }

    /// <summary>A hand at a steady speed, a stall, and all that was missed at once.</summary>
    [Theory]
    [InlineData(12, 250)]
    [InlineData(36, 250)]
    [InlineData(90, 250)]
    [InlineData(36, 100)]
    [InlineData(60, 280)]
    public void What_is_behind_catches_up_no_faster_than_one_and_a_half_times_the_source(double speed, int stall)
    {
        Start(-90, 50);
        var pan = -90.0;
        Follow(Move, TimeSpan.FromMilliseconds(10), 80);
        for (var tick = 0; tick < stall / Period.TotalMilliseconds; tick++)
            Tick();
        pan += speed * stall / 1000;
        var worst = 0.0;
        var window = new Queue<double>();
        Follow(Move, TimeSpan.FromMilliseconds(10), 100, () =>
        {
            window.Enqueue(law.Goals[0]);
            if (window.Count > 40)
                worst = Math.Max(worst, (law.Goals[0] - window.Dequeue()) / (40 * Period.TotalSeconds));
        });

        Assert.InRange(worst, speed * 1.2, speed * 1.5);
        Assert.InRange(law.Goals[0], pan - (speed * 0.02) - 0.1, pan + 0.1);

        // In a servo's steps, as it is read.
        double Move() => Math.Round((pan += speed * 0.01) / 0.088) * 0.088;
    }

    [Fact]
    public void A_joint_that_is_read_again_is_approached_and_the_others_go_on()
    {
        Start(0, 50);
        var gripper = 50.0;
        Follow(() => 0, TimeSpan.FromMilliseconds(10), 5);
        for (var count = 0; count < 60; count++)
        {
            Command(double.NaN, gripper -= 0.5);
            Tick();
            Tick();
        }

        Command(60, gripper);
        var from = law.Goals[0];
        for (var tick = 0; tick < 20; tick++)
            Tick();
        Assert.Equal(FollowPhase.Approaching, law.Phase);
        Assert.Equal(from + (RobotTiming.Default.ApproachVelocity * 0.1), law.Goals[0], 0.3);
        Assert.Equal(gripper, law.Goals[1], 0.01);
    }

    [Fact]
    public void A_joint_that_is_not_read_for_a_while_stays_where_it_has_got_to()
    {
        Start(0, 50);
        Command(80, 50);
        for (var count = 0; count < 100; count++)
        {
            Tick();
            Command(double.NaN, 50);
        }

        Assert.InRange(law.Goals[0], 45 * 0.29, 45 * 0.32);
    }

    [Fact]
    public void A_leap_is_approached_even_where_nothing_says_that_it_is_one()
    {
        Start(0, 50);
        Follow(() => 0, TimeSpan.FromMilliseconds(10), 100);
        Command(40, 50);
        Tick();
        Assert.Equal(FollowPhase.Approaching, law.Phase);
        Assert.InRange(law.Goals[0], 0.01, 45 * 2 * Period.TotalSeconds);
    }

    [Fact]
    public void A_command_that_is_to_be_approached_is()
    {
        Start(0, 50);
        Follow(() => 0, TimeSpan.FromMilliseconds(10), 100);
        now = now.Plus(TimeSpan.FromMilliseconds(200));
        Command(10, 50, approaches: true);
        Tick();
        Assert.Equal(FollowPhase.Approaching, law.Phase);
    }

    [Theory]
    [InlineData(0, 30, 29.25)]
    [InlineData(100, 30, 30.75)]
    [InlineData(30.2, 30, 30.2)]
    public void A_gripper_keeps_its_grip_through_a_hold(double goal, double present, double held)
    {
        Start(0, goal);
        law.HoldAt([0, present]);
        law.HoldAt([0, present]);
        Assert.Equal(held, law.Goals[1], 0.001);
    }

    private static void ForAnyActs(Func<ControlLawTests, IReadOnlyList<Act>, bool> holds)
    {
        var position = Gen.OneOf(
            Gen.Choose(-20_000, 20_000).Select(hundredths => hundredths / 100.0),
            Gen.Elements(double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, -1e300));
        var act =
            from kind in Gen.Frequency((4, Gen.Constant(0)), (8, Gen.Constant(1)), (1, Gen.Constant(2)), (1, Gen.Constant(3)))
            from pan in position
            from gripper in position
            from micros in Gen.Frequency((9, Gen.Choose(4_000, 6_000)), (1, Gen.Choose(0, 2_000_000)))
            select new Act(kind, pan, gripper, micros);
        Prop.ForAll(Arb.From(act.ListOf()), acts => holds(new ControlLawTests(), [.. acts])).QuickCheckThrowOnFailure();
    }

    private void Start(double pan, double gripper) => law.HoldAt([pan, gripper]);

    private void Do(Act act)
    {
        now = new Timestamp(now.Monotonic + act.Microseconds, 0);
        if (act.Kind == 1)
            Command(act.Pan, act.Gripper);
        else if (act.Kind == 2)
            law.Hold();
        else if (act.Kind == 3)
            law.HoldAt([Within(act.Pan), 50]);
        law.Step(now);
    }

    private void Follow(Func<double> pan, TimeSpan interval, int commands, Action? afterTick = null)
    {
        for (var count = 0; count < commands; count++)
        {
            Command(pan(), 50);
            for (var tick = 0; tick < (int)(interval / Period); tick++)
            {
                Tick();
                afterTick?.Invoke();
            }
        }
    }

    private void Tick()
    {
        now = now.Plus(Period);
        law.Step(now);
    }

    private void Command(double pan, double gripper, bool approaches = false) =>
        law.Command([pan, gripper], now.Monotonic, approaches, now);

    private static double Within(double pan) => double.IsFinite(pan) ? Math.Clamp(pan, -100, 100) : 0;
}
