using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Tests.Pure.Domain;

public sealed class ApproachTests
{
    private static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(100);
    private readonly Approach approach = new(RobotModels.So101.Joints, velocity: 45, tolerance: 3, LongestStep);
    private Timestamp now = new(1_000_000, 0);

    [Fact]
    public void The_first_pose_is_the_real_one()
    {
        approach.Start([10, 20, 30, 40, 50, 60], now);
        approach.Step([-90, -90, -90, -90, -90, 0], now);

        Assert.Equal([10, 20, 30, 40, 50, 60], approach.Pose.ToArray());
        Assert.True(approach.IsApproaching);
    }

    [Fact]
    public void It_approaches_slowly_then_tracks_fast()
    {
        approach.Start(new double[6], now);
        Step(0.1, 90);
        Assert.Equal(4.5, approach.Pose[0], 6);
        while (approach.IsApproaching)
            Step(0.1, 90);
        Assert.InRange(approach.Pose[0], 87, 90);
        Step(0.1, 90);

        Step(0.1, 50);
        Assert.Equal(72, approach.Pose[0], 6);
    }

    [Fact]
    public void A_joint_that_is_far_keeps_all_others_slow()
    {
        approach.Start(new double[6], now);
        Step(0.1, [0, 0, 0, 0, 90, 0]);
        Step(0.1, [60, 0, 0, 0, 90, 0]);

        Assert.True(approach.IsApproaching);
        Assert.Equal(4.5, approach.Pose[0], 6);
    }

    [Fact]
    public void A_pause_is_no_license_for_a_jump()
    {
        approach.Start(new double[6], now);
        Step(0.01, 0);
        Step(3600, 90);

        Assert.Equal(18, approach.Pose[0], 6);
    }

    [Fact]
    public void A_burst_is_followed_like_evenly_spaced_samples()
    {
        approach.Start(new double[6], now);
        Step(0.01, 0);
        Step(0.05, 2);
        Step(0, 4);
        Step(0, 6);

        Assert.Equal(6, approach.Pose[0], 6);
    }

    [Fact]
    public void What_is_not_finite_leaves_its_joint_where_it_is()
    {
        approach.Start([1, 2, 3, 4, 5, 6], now);
        Step(1, [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 4, 5, 6]);

        Assert.Equal([1, 2, 3, 4, 5, 6], approach.Pose.ToArray());
    }

    [Fact]
    public void A_joint_without_a_reading_is_not_commanded_until_it_has_one()
    {
        approach.Start([double.NaN, 0, 0, 0, 0, 0], now);
        Step(0.1, 1);
        Assert.True(double.IsNaN(approach.Pose[0]));
        Assert.False(approach.IsApproaching);

        approach.Adopt([50, 60, 60, 60, 60, 60]);
        Assert.Equal(50, approach.Pose[0]);
        Assert.Equal(1, approach.Pose[1]);
        Assert.True(approach.IsApproaching);
    }

    [Fact]
    public void It_does_not_move_before_it_was_started()
    {
        Assert.Throws<InvalidOperationException>(() => approach.Step(new double[6], now));
        approach.Start(new double[6], now);
        approach.End();
        Assert.Throws<InvalidOperationException>(() => approach.Step(new double[6], now));
    }

    /// <summary>Random targets, times and starts; four bytes a step.</summary>
    [Fact]
    public void Nothing_moves_too_fast_or_out_of_limits() => Bytes.Check(
        bytes =>
        {
            var real = new double[6];
            real.AsSpan().Fill(bytes.Length == 0 ? 0 : bytes[0] - 128);
            approach.Start(real, now);
            var first = approach.Pose.ToArray();
            var started = now;
            for (var at = 0; at + 3 < bytes.Length; at += 4)
            {
                var before = approach.Pose.ToArray();
                var wasApproaching = approach.IsApproaching;
                Step(bytes[at] / 1000.0, Wild(bytes[at + 1] % 8, bytes[at + 2] * (bytes[at + 3] - 128) / 64.0));
                for (var joint = 0; joint < 6; joint++)
                {
                    var limits = RobotModels.So101.Joints[joint];
                    var velocity = wasApproaching ? 45 : limits.MaxVelocity;
                    Assert.InRange(approach.Pose[joint], limits.Min, limits.Max);
                    Assert.True(Math.Abs(approach.Pose[joint] - before[joint]) <= velocity * 0.1 + 1e-6, "faster than one longest step");
                    var seconds = now.MicrosecondsSince(started) / 1e6;
                    Assert.True(Math.Abs(approach.Pose[joint] - first[joint]) <= limits.MaxVelocity * seconds + 1e-6, "faster on the whole");
                }
            }

            return true;
        },
        longest: 400);

    private static double[] Wild(int kind, double value)
    {
        var pose = new double[6];
        pose.AsSpan().Fill(kind switch { 0 => double.NaN, 1 => double.PositiveInfinity, 2 => double.MinValue, _ => value });
        return pose;
    }

    private void Step(double seconds, double position)
    {
        var pose = new double[6];
        pose.AsSpan().Fill(position);
        Step(seconds, pose);
    }

    private void Step(double seconds, double[] pose)
    {
        now = now.Plus(TimeSpan.FromSeconds(seconds));
        approach.Step(pose, now);
    }
}
