using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

/// <summary>Commands that come now and then, of a program or the panel, and the motion they become.</summary>
public sealed class GoalTests
{
    private const string Follower = Rig.Follower;
    private const string Pan = "shoulder_pan";
    private readonly Rig rig = new();
    private readonly uint epoch;

    public GoalTests()
    {
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Slave(Follower, rig.Next(Follower), 10, 20, 30, 40, 50, 60);
        epoch = rig.Attach("script");
    }

    [Fact]
    public void Nothing_is_commanded_before_the_first_goal()
    {
        rig.Drive(1);

        Assert.Empty(rig.Commands);
    }

    [Fact]
    public void A_joint_without_a_goal_stays_where_it_is()
    {
        Command(Rig.Go((Pan, 40)));
        rig.Drive(3);

        Assert.Equal([40, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN], rig.LastOf(Follower).Positions);
        Assert.Null(rig.Snapshot.Joints[1].Commanded);
    }

    [Fact]
    public void Both_families_of_names_are_understood()
    {
        Command(Rig.Go(("Rotation", 40), ("Jaw", 80)));
        rig.Drive(3);

        Assert.Equal([40, double.NaN, double.NaN, double.NaN, double.NaN, 80], rig.LastOf(Follower).Positions);
    }

    [Fact]
    public void A_goal_beyond_the_limits_is_reached_at_the_limit()
    {
        Command(Rig.Go((Pan, 1e300)));
        rig.Drive(5);

        Assert.Equal(110, rig.LastOf(Follower).Positions[0]);
        Assert.Equal((1e300, 110), (rig.Snapshot.Joints[0].Commanded, rig.Snapshot.Joints[0].Virtual));
    }

    [Theory]
    [InlineData(null, 180)]
    [InlineData(20.0, 20)]
    [InlineData(5000.0, 180)]
    public void A_goal_is_approached_at_its_speed_and_never_faster_than_the_joint(double? speed, double perSecond)
    {
        Command(new JointCommand([new JointGoal(Pan, 100, speed)]));
        rig.Tick();
        rig.Drive(0.4);

        Assert.Equal(10 + perSecond * 0.4, rig.LastOf(Follower).Positions[0], 0.05);
    }

    [Fact]
    public void A_command_with_a_duration_takes_that_long_for_every_joint()
    {
        Command(Rig.Go((Pan, 50), ("shoulder_lift", -20)) with { Duration = TimeSpan.FromSeconds(2) });
        rig.Tick();
        rig.Drive(1);
        Assert.Equal([30.0, 0.0], rig.LastOf(Follower).Positions[..2].Select(position => Math.Round(position, 1)));

        rig.Drive(1.02);
        Assert.Equal([50.0, -20.0], rig.LastOf(Follower).Positions[..2]);
    }

    [Fact]
    public void A_duration_too_short_for_the_limits_is_not_kept()
    {
        Command(Rig.Go((Pan, 100)) with { Duration = TimeSpan.FromMilliseconds(1) });
        rig.Tick();
        rig.Drive(0.2);

        Assert.Equal(10 + 180 * 0.2, rig.LastOf(Follower).Positions[0], 0.05);
    }

    [Fact]
    public void A_later_goal_takes_the_earlier_ones_place_for_its_joint_only()
    {
        Command(Rig.Go((Pan, 100), ("gripper", 0)));
        rig.Drive(0.1);
        Command(Rig.Go((Pan, 0)));
        rig.Drive(3);

        Assert.Equal([0, double.NaN, double.NaN, double.NaN, double.NaN, 0], rig.LastOf(Follower).Positions);
    }

    [Fact]
    public void A_late_tick_slows_the_motion_down_and_does_not_make_it_jump()
    {
        Command(Rig.Go((Pan, 100)));
        rig.Tick();
        var before = rig.LastOf(Follower).Positions[0];
        rig.Advance(1.5);
        rig.Tick();

        Assert.InRange(rig.LastOf(Follower).Positions[0] - before, 0, 180 * 0.03 + 1e-6);
    }

    [Fact]
    public void A_goal_that_is_reached_is_told_again_ten_times_a_second()
    {
        Command(Rig.Go((Pan, 12)));
        rig.Drive(1);
        rig.Commands.Clear();
        rig.Drive(2);

        Assert.InRange(rig.Commands.Count, 18, 21);
        Assert.All(rig.Commands, command => Assert.Equal(12, command.Positions[0]));
    }

    [Fact]
    public void A_second_slave_that_stands_elsewhere_is_told_to_approach()
    {
        rig.Accept(new RobotRequest.BindSlave("follower-2", false));
        rig.Slave("follower-2", -50);
        Command(Rig.Go((Pan, 11)));
        rig.Tick();
        Assert.True(rig.LastOf("follower-2").Stamp.Approach);
        rig.Approaching.Add("follower-2");
        rig.Drive(1);

        Assert.False(rig.SlaveOf(Follower).Approaching);
        Assert.True(rig.SlaveOf("follower-2").Approaching);
        Assert.False(rig.LastOf("follower-2").Stamp.Approach);
    }

    public static TheoryData<string, JointCommand> Unsound() => new()
    {
        { "1 to 32 joints", new JointCommand([]) },
        { "1 to 32 joints", new JointCommand(default) },
        { "1 to 32 joints", new JointCommand([.. Enumerable.Repeat(new JointGoal(Pan, 0), 33)]) },
        { "no joint 'tail'", Rig.Go(("tail", 0)) },
        { "twice", Rig.Go((Pan, 0), ("Rotation", 1)) },
        { "must be a number", Rig.Go((Pan, double.NaN)) },
        { "must be a number", Rig.Go((Pan, double.PositiveInfinity)) },
        { "speed", new JointCommand([new JointGoal(Pan, 0, 0)]) },
        { "speed", new JointCommand([new JointGoal(Pan, 0, double.NaN)]) },
        { "speed", new JointCommand([new JointGoal(Pan, 0, double.PositiveInfinity)]) },
        { "duration", Rig.Go((Pan, 0)) with { Duration = TimeSpan.FromSeconds(-1) } },
        { "duration", Rig.Go((Pan, 0)) with { Duration = TimeSpan.MaxValue } },
    };

    [Theory]
    [MemberData(nameof(Unsound))]
    public void An_unsound_command_moves_nothing_and_keeps_the_lease(string why, JointCommand command)
    {
        rig.Advance(1.5);
        var refused = rig.Apply(new RobotRequest.RemoteCommand("script", epoch, command)).Refused;
        Assert.Equal(RefusalReason.Invalid, refused?.Reason);
        Assert.Contains(why, refused!.Text, StringComparison.Ordinal);

        rig.Advance(1.5);
        rig.Tick();
        Assert.Equal(MasterState.Live, rig.MasterState);
        Assert.Empty(rig.Commands);
    }

    private void Command(JointCommand command) => rig.Accept(new RobotRequest.RemoteCommand("script", epoch, command));
}
