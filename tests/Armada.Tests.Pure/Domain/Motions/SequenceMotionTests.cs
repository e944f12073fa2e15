using Armada.Core.Motions;
using Armada.Core.Robots;
using static Armada.Tests.Pure.Domain.Motions.Scripts;

namespace Armada.Tests.Pure.Domain.Motions;

public sealed class SequenceMotionTests
{
    private const string Joint = "shoulder_pan";

    [Fact]
    public void A_goal_with_a_duration_is_reached_in_a_straight_line()
    {
        var track = Fit(Of(3000, Go(0, Joint, 0), Go(1000, Joint, 40, 2000)));

        Assert.Equal([0, 0, 10, 20, 40], new[] { 0, 1000, 1500, 2000, 3000 }.Select(track.PanAt));
    }

    [Fact]
    public void A_goal_without_a_duration_is_reached_as_fast_as_its_speed_and_its_joint_let_it()
    {
        var slow = Fit(Of(3000, Go(0, Joint, 0), Go(0, Joint, 90, speed: 45)));
        var fast = Fit(Of(3000, Go(0, Joint, 0), Go(0, Joint, 90, speed: 9000)));
        var free = Fit(Of(3000, Go(0, Joint, 0), Go(0, Joint, 90)));

        Assert.Equal(45, slow.PanAt(1000), 6);
        Assert.Equal(45, fast.PanAt(250), 6);
        Assert.Equal(45, free.PanAt(250), 6);
        Assert.Equal(90, free.PanAt(500), 6);
    }

    [Fact]
    public void A_speed_slows_a_duration_down() =>
        Assert.Equal(20, Fit(Of(3000, Go(0, Joint, 0), Go(0, Joint, 40, 1000, speed: 20))).PanAt(1000), 6);

    [Fact]
    public void A_later_goal_cuts_the_way_to_an_earlier_one_short()
    {
        var track = Fit(Of(3000, Go(0, Joint, 0), Go(0, Joint, 100, 2000), Go(1000, Joint, 0, 1000)));

        Assert.Equal([25, 50, 25, 0, 0], new[] { 500, 1000, 1500, 2000, 3000 }.Select(track.PanAt));
    }

    [Fact]
    public void A_motion_lasts_until_its_last_goal_is_reached()
    {
        Assert.Equal(5_000_000, Fit(Of(5000, Go(0, Joint, 0))).Duration);
        Assert.Equal(3_000_000, Fit(Of(1000, Go(0, Joint, 0), Go(1000, Joint, 10, 2000))).Duration);
    }

    [Fact]
    public void A_joint_is_left_alone_before_its_first_goal_and_a_joint_without_goals_always()
    {
        var track = Fit(Of(3000, Go(1000, Joint, 10)));
        var pose = Enumerable.Repeat(7.0, 6).ToArray();

        track.PoseAt(999_999, pose);
        Assert.All(pose, position => Assert.Equal(7, position));
        track.PoseAt(1_000_000, pose);
        Assert.Equal([10, 7, 7, 7, 7, 7], pose);
    }

    [Fact]
    public void A_first_goal_is_reached_in_its_own_time_from_wherever_the_robot_is()
    {
        var track = Fit(Of(3000, Go(1000, Joint, 40, 2000))).StartingAt([20, 0, 0, 0, 0, 0]);

        Assert.Equal([double.NaN, 20, 30, 40], new[] { 999, 1000, 2000, 3000 }.Select(track.PanAt));
    }

    [Fact]
    public void A_start_too_far_away_for_a_first_goal_makes_the_motion_longer_not_faster()
    {
        var track = Fit(Of(100, Go(0, Joint, 100, 100))).StartingAt([-80, 0, 0, 0, 0, 0]);

        Assert.Equal(1_000_000, track.Duration);
        Assert.Equal(10, track.PanAt(500), 6);
    }

    [Fact]
    public void A_loop_begins_where_it_ends_wherever_the_robot_is()
    {
        var track = Fit(Looped(4000, Go(1000, Joint, 30, 1000), Go(3000, Joint, -10, 1000))).StartingAt([77, 0, 0, 0, 0, 0]);

        Assert.Equal([-10, -10, 10, 30, 10, -10], new[] { 0, 1000, 1500, 2000, 3500, 4000 }.Select(track.PanAt));
    }

    [Fact]
    public void Both_families_of_names_are_understood() =>
        Assert.Equal(20, Fit(Of(1000, Go(0, "Rotation", 0), Go(0, Joint, 20, 1000))).PanAt(1000));

    [Fact]
    public void A_misfit_is_told_with_its_joint_time_and_limit()
    {
        Assert.Equal(
            "tail at 1500 ms: so101 has no such joint; it has shoulder_pan, shoulder_lift, elbow_flex, wrist_flex, wrist_roll, gripper",
            Misfit(Of(2000, Go(1500, "tail", 1))));
        Assert.Equal(
            "shoulder_pan at 1500 ms: 110.5 is outside its limits, -110 to 110", Misfit(Of(2000, Go(1500, "Rotation", 110.5))));
        Assert.Equal(
            "gripper at 0 ms: -1 is outside its limits, 0 to 100", Misfit(Of(2000, Go(0, "Jaw", -1))));
        Assert.Equal(
            "shoulder_pan at 500 ms: 90 in 400 ms is faster than its limit, 180 a second",
            Misfit(Of(2000, Go(0, Joint, 0), Go(500, Joint, 90, 400))));
        Assert.Equal(
            "shoulder_pan: reaches its last goal after 5000 s; the limit is 3600 s",
            Misfit(Of(2000, Go(0, Joint, 0), Go(0, Joint, 50, speed: 0.01))));
    }

    [Fact]
    public void The_seam_of_a_loop_keeps_the_velocity_too() => Assert.Equal(
        "shoulder_pan at 0 ms: 200 in 1000 ms is faster than its limit, 180 a second",
        Misfit(Looped(3000, Go(0, Joint, -100, 1000), Go(1000, Joint, 100, 2000))));

    [Fact]
    public void A_time_rounded_to_whole_milliseconds_fits()
    {
        // 10° at 180 °/s take 55.6 ms; 55 ms is 181.8 °/s.
        var track = Fit(Of(1000, Go(0, Joint, 0), Go(0, Joint, 10, 55)));

        Assert.InRange(track.PanAt(55), 9.89, 9.91);
    }

    [Fact]
    public void A_motion_has_the_name_of_its_sequence_id() => Assert.Equal("s", new SequenceMotion(Of(0, Go(0, Joint, 0))).Name);

    [Fact]
    public void Every_demonstration_keeps_the_rules_and_fits_both_arms_as_a_loop()
    {
        Assert.Equal(["gentle-wave", "small-scan", "tiny-flex"], Demonstrations.All.Select(sequence => sequence.Id));
        foreach (var sequence in Demonstrations.All)
        {
            Assert.Empty(SequenceRules.FindProblems(sequence));
            Assert.Same(sequence, Demonstrations.Find(sequence.Id));
            Assert.True(sequence.Loop);
            foreach (var model in RobotModels.All)
                Assert.Equal(sequence.TotalDuration.TotalMicroseconds, Fit(sequence, model).Duration);
        }

        Assert.Null(Demonstrations.Find("none"));
    }
}
