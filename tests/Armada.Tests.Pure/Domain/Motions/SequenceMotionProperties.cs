using Armada.Core.Motions;
using Armada.Core.Robots;
using static Armada.Tests.Pure.Domain.Motions.Scripts;

namespace Armada.Tests.Pure.Domain.Motions;

/// <summary>What holds of every sequence that fits, looped or not, wherever the robot begins.</summary>
public sealed class SequenceMotionProperties
{
    private const double Tiny = 1e-6;
    private static readonly RobotModel Model = RobotModels.So101;

    [Fact]
    public void A_joint_is_within_its_limits_at_every_time() => Check((track, _) =>
    {
        foreach (var at in Times(track))
        {
            var pose = At(track, at);
            for (var joint = 0; joint < pose.Length; joint++)
            {
                if (!double.IsNaN(pose[joint]))
                    Assert.InRange(pose[joint], Model.Joints[joint].Min, Model.Joints[joint].Max);
            }
        }
    });

    [Fact]
    public void A_joint_is_never_faster_than_it_may_be_and_never_jumps() => Check((track, _) =>
    {
        var (before, then) = (At(track, 0), 0L);
        foreach (var at in Times(track))
        {
            var pose = At(track, at);
            AssertReachable(before, pose, at - then);
            (before, then) = (pose, at);
        }
    });

    [Fact]
    public void The_seam_of_a_loop_is_no_jump() => Check((track, loop) =>
    {
        if (!loop)
            return;
        var (first, last) = (At(track, 0), At(track, track.Duration));
        Assert.Equal(last, first);
    });

    [Fact]
    public void A_motion_that_is_sought_to_a_time_is_where_playing_to_it_leads() => Check((track, _) =>
    {
        var played = Unknown();
        foreach (var at in Times(track))
        {
            track.PoseAt(at, played);
            Assert.Equal(played, At(track, at));
        }
    });

    [Fact]
    public void Every_last_goal_is_reached_at_the_end() => Bytes.Check(bytes =>
    {
        var sequence = Random(bytes, loop: false);
        if (!new SequenceMotion(sequence).TryFit(Model, out var track, out _))
            return true;
        var end = At(track.StartingAt(Rest), track.StartingAt(Rest).Duration);
        return sequence.Commands.SelectMany(command => command.Goals).GroupBy(goal => Model.Find(goal.Joint))
            .All(goals => Math.Abs(end[goals.Key] - goals.Last().Value) < Tiny);
    });

    [Fact]
    public void A_sequence_that_begins_at_rest_begins_there() => Check((track, loop) =>
    {
        if (loop)
            return;
        var first = Unknown();
        foreach (var at in Times(track))
        {
            var pose = At(track, at);
            for (var joint = 0; joint < pose.Length; joint++)
            {
                if (double.IsNaN(first[joint]) && !double.IsNaN(pose[joint]))
                    AssertNear(Rest[joint], first[joint] = pose[joint], Model.Joints[joint].MaxVelocity * 0.011);
            }
        }
    });

    [Fact]
    public void A_pose_costs_no_memory()
    {
        var track = Fit(Demonstrations.All[0]);
        var pose = new double[6];
        for (var at = 0; at < 30_000; at++)
            track.PoseAt(at * 200L, pose);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var at = 0; at < 10_000; at++)
            track.PoseAt(at * 600L, pose);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static double[] Rest => [.. Model.Joints.Select(joint => joint.Rest)];

    // Random sequences that fit: a loop as it is, any other begun at rest.
    private static void Check(Action<IMotionTrack, bool> property)
    {
        var fitting = 0;
        foreach (var loop in new[] { false, true })
        {
            Bytes.Check(
                bytes =>
                {
                    if (!new SequenceMotion(Random(bytes, loop)).TryFit(Model, out var track, out _))
                        return true;
                    fitting++;
                    property(track.StartingAt(Rest), loop);
                    return true;
                },
                longest: 60,
                times: 150);
        }

        Assert.True(fitting > 60, $"only {fitting} of 300 random sequences fit");
    }

    // Every 10 ms, and the end.
    private static IEnumerable<long> Times(IMotionTrack track)
    {
        for (var at = 0L; at < track.Duration; at += 10_000)
            yield return at;
        yield return track.Duration;
    }

    private static double[] At(IMotionTrack track, long at)
    {
        var pose = Unknown();
        track.PoseAt(at, pose);
        return pose;
    }

    private static void AssertReachable(double[] from, double[] to, long micros)
    {
        for (var joint = 0; joint < to.Length; joint++)
        {
            Assert.True(double.IsNaN(from[joint]) || !double.IsNaN(to[joint]), "a joint that was moved is let go");
            if (!double.IsNaN(from[joint]))
                AssertNear(from[joint], to[joint], (Model.Joints[joint].MaxVelocity * micros / 1e6) + Tiny);
        }
    }

    private static void AssertNear(double expected, double actual, double within) =>
        Assert.True(Math.Abs(expected - actual) <= within, $"{actual} is not within {within} of {expected}");
}
