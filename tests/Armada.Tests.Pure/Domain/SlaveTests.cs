using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

public sealed class SlaveTests
{
    private const string Leader = Rig.Leader;
    private const string Follower = Rig.Follower;
    private const string Second = "follower-2";

    [Fact]
    public void A_slave_is_commanded_only_after_its_first_frame()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.Master(Leader, 10);
        Assert.Empty(rig.Commands);
        Assert.Equal(SlaveState.Connecting, rig.SlaveOf(Follower).State);

        rig.Slave(Follower, 5);
        rig.Master(Leader, 10);

        Assert.Equal(SlaveState.Live, rig.SlaveOf(Follower).State);
        var command = Assert.Single(rig.Commands);
        Assert.Equal(rig.Pose(10), command.Positions);
        Assert.Equal(new SampleStamp(rig.Core.Document.Epoch, 1, rig.Now.Unix, 300, Approach: true), command.Stamp);
    }

    [Fact]
    public void A_slave_is_told_to_approach_for_a_while_and_shows_that_it_does()
    {
        var rig = Rig.Routing(real: 0);
        rig.Stream(0.09, leader: 0, follower: 0);
        Assert.All(rig.Commands, command => Assert.True(command.Stamp.Approach));
        rig.Approaching.Add(Follower);
        rig.Stream(1, leader: 0, follower: 0);
        Assert.False(rig.Commands[^1].Stamp.Approach);
        Assert.True(rig.SlaveOf(Follower).Approaching);

        rig.Approaching.Clear();
        rig.Slave(Follower, 0);
        Assert.False(rig.SlaveOf(Follower).Approaching);
    }

    [Fact]
    public void A_joint_the_master_does_not_read_stays()
    {
        var rig = Rig.Routing();
        rig.Stream(0.1, 2, 2);
        rig.Advance(0.1);

        rig.Master(rig.Next(Leader), double.NaN, 3, 3, 3, 3, 3);

        Assert.Equal([double.NaN, 3, 3, 3, 3, 3], rig.Commands[^1].Positions);
        Assert.Equal(2, rig.SlaveOf(Follower).Joints[0].Commanded);
    }

    [Fact]
    public void A_wrist_turned_over_the_end_of_its_encoder_is_held_at_the_end_of_its_range()
    {
        var rig = Rig.Routing(170);
        for (var turned = 170; turned < 250; turned++)
        {
            rig.Advance(0.01);
            rig.Slave(Follower, 150);
            rig.Master(Leader, turned <= 180 ? turned : turned - 360);
        }

        Assert.Equal(81, rig.Commands.Count);
        Assert.All(rig.Commands, command => Assert.Equal(162.8, command.Positions[4]));
    }

    [Fact]
    public void A_joint_that_its_leader_reads_again_is_to_be_approached()
    {
        var rig = Rig.Routing();
        rig.Stream(1, 0, 0);
        for (var sample = 0; sample < 100; sample++)
        {
            rig.Advance(0.01);
            rig.Slave(Follower, 0);
            rig.Master(rig.Next(Leader), 0, 0, 0, 0, double.NaN, 0);
        }

        Assert.False(rig.Commands[^1].Stamp.Approach);
        rig.Advance(0.01);
        rig.Master(rig.Next(Leader), 0, 0, 0, 0, 88, 0);
        Assert.Equal([0, 0, 0, 0, 88, 0], rig.Commands[^1].Positions);
        Assert.True(rig.Commands[^1].Stamp.Approach);
    }

    /// <summary>By the leader's clock it went no faster than a hand does; made up for at the joint's own speed, that would be what the
    /// follower takes for the leader's.</summary>
    [Fact]
    public void What_was_missed_in_a_stall_is_told_at_once()
    {
        var rig = Rig.Routing();
        rig.Stream(1, 0, 0);
        rig.Advance(0.9);
        rig.Slave(Follower, 0);
        rig.Master(Leader, 60);

        Assert.Equal(60, rig.Commands[^1].Positions[0]);
    }

    [Theory]
    [InlineData(0.4)]
    [InlineData(1.5)]
    public void A_whole_leader_that_is_read_again_is_to_be_approached(double seconds)
    {
        var rig = Rig.Routing();
        rig.Stream(1, 0, 0);
        for (var sample = 0; sample < seconds * 100; sample++)
        {
            rig.Advance(0.01);
            rig.Slave(Follower, 0);
            rig.Master(Leader, double.NaN);
        }

        rig.Master(Leader, 60);
        Assert.Equal(60, rig.Commands[^1].Positions[0]);
        Assert.True(rig.Commands[^1].Stamp.Approach);
    }

    [Fact]
    public void One_wrong_reading_of_a_leader_reaches_no_slave()
    {
        var rig = Rig.Routing(60);
        rig.Stream(0.5, 60, 60);
        rig.Advance(0.01);
        rig.Master(rig.Next(Leader), 60, 60, 0, 60, 60, 60);
        rig.Advance(0.01);
        rig.Master(Leader, 60);

        Assert.DoesNotContain(rig.Commands, command => command.Positions[2] < 60);
    }

    [Fact]
    public void Positions_beyond_the_limits_are_commanded_at_the_limits()
    {
        var rig = Rig.Routing();
        rig.Stream(10, 500, 0);

        Assert.Equal([110, 100, 96.8, 95, 162.8, 100], rig.Commands[^1].Positions);
        var joint = rig.Core.Snapshot(rig.Now).Joints[0];
        Assert.Equal((500, 110), (joint.Commanded, joint.Virtual));
    }

    [Fact]
    public void A_slave_lags_then_fails_and_comes_back_approaching()
    {
        var rig = Rig.Routing();
        rig.Stream(0.1, 0, 0);
        rig.Advance(0.35);
        rig.Tick();
        Assert.Equal(SlaveState.Lagging, rig.SlaveOf(Follower).State);
        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 0));
        var commands = rig.Commands.Count;

        rig.Advance(1.7);
        rig.Tick();
        Assert.Equal(SlaveState.Failed, rig.SlaveOf(Follower).State);
        Assert.Contains("silent", rig.SlaveOf(Follower).Reason, StringComparison.Ordinal);
        rig.Master(Leader, 0);
        Assert.Equal(commands, rig.Commands.Count);

        rig.Slave(Follower, 60);
        rig.Advance(0.01);
        rig.Master(Leader, 0);
        Assert.Equal(SlaveState.Live, rig.SlaveOf(Follower).State);
        Assert.True(rig.SlaveOf(Follower).Approaching);
        Assert.True(rig.Commands[^1].Stamp.Approach);
    }

    [Fact]
    public void A_slave_that_fails_does_not_disturb_the_others()
    {
        var rig = Rig.Routing();
        rig.Accept(new RobotRequest.BindSlave(Second, false));
        rig.Slave(Second, 0);
        rig.Presence(Follower, false);
        rig.Stream(0.1, 1, 0);
        rig.Presence(Follower, false);
        rig.Commands.Clear();

        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 1));
        Assert.Contains(rig.Commands, command => command.Device == Second);
    }

    [Fact]
    public void A_slave_with_other_joints_has_failed_and_says_why_once()
    {
        var rig = Rig.Routing();
        rig.Effects.Clear();
        for (var frame = 0; frame < 10; frame++)
            Assert.Equal(FrameResult.WrongJoints, rig.Slave(Follower, rig.Next(Follower), new double[7]));

        Assert.Equal([new RobotEvent(RobotEventKind.SlaveFailed, Follower)], rig.Effects);
        Assert.Contains("7 joints", rig.SlaveOf(Follower).Reason, StringComparison.Ordinal);
        rig.Commands.Clear();
        rig.Master(Leader, 0);
        Assert.Empty(rig.Commands);
    }

    [Fact]
    public void A_slave_offline_has_failed_at_once_and_is_told_its_epoch_when_it_returns()
    {
        var rig = Rig.Routing();
        rig.Presence(Follower, false);
        Assert.Equal("offline", rig.SlaveOf(Follower).Reason);

        Assert.Equal([new Effect.StartStream(Follower, rig.Core.Document.Epoch)], rig.Presence(Follower, true).Effects);
    }

    [Fact]
    public void A_slave_that_restarts_is_told_its_epoch_and_approaches_anew()
    {
        var rig = Rig.Routing();
        rig.Stream(1.5, 10, 10);
        Assert.False(rig.SlaveOf(Follower).Approaching);
        rig.RestartDevice(Follower);
        rig.Effects.Clear();

        Assert.Equal(FrameResult.Accepted, rig.Slave(Follower, -30));
        Assert.Equal([new Effect.StartStream(Follower, rig.Core.Document.Epoch)], rig.Effects);
        rig.Master(Leader, 10);
        Assert.True(rig.Commands[^1].Stamp.Approach);
    }

    [Fact]
    public void A_slave_bound_under_a_live_lease_raises_the_epoch_and_the_others_go_on_tracking()
    {
        var rig = Rig.Routing();
        rig.Stream(1, 10, 10);
        var epoch = rig.Core.Document.Epoch;

        rig.Accept(new RobotRequest.BindSlave(Second, false));

        Assert.True(rig.Core.Document.Epoch > epoch);
        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 10));
        Assert.False(rig.SlaveOf(Follower).Approaching);
        Assert.Equal(1u, rig.Commands[^1].Stamp.Sequence);
    }

    [Fact]
    public void A_slave_is_bound_twice_without_effect_and_unbound_once()
    {
        var rig = Rig.Routing();
        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.BindSlave(Follower, false)));

        rig.Effects.Clear();
        rig.Accept(new RobotRequest.UnbindSlave(Follower));
        Assert.Equal(
            [
                new Effect.Persist(rig.Core.Document),
                new Effect.StopStream(Follower, rig.Core.Document.Epoch),
                new RobotEvent(RobotEventKind.SlaveLeft, Follower),
            ],
            rig.Effects);
        Assert.Equal(RefusalReason.UnknownSlave, rig.Apply(new RobotRequest.UnbindSlave(Follower)).Refused?.Reason);
        Assert.Equal(FrameResult.NotBound, rig.Slave(Follower, 0));
    }

    [Fact]
    public void Frames_of_a_slave_go_forward_and_are_fresh()
    {
        var rig = Rig.Routing();
        var stamp = rig.Next(Follower);
        Assert.Equal(FrameResult.Accepted, rig.Slave(Follower, stamp, rig.Pose(1)));
        Assert.Equal(FrameResult.Duplicate, rig.Slave(Follower, stamp, rig.Pose(2)));
        Assert.Equal(FrameResult.StaleEpoch, rig.Slave(Follower, stamp with { Epoch = 1, Sequence = 99 }, rig.Pose(2)));
        var late = rig.Next(Follower);
        rig.Advance(0.4);
        Assert.Equal(FrameResult.Expired, rig.Slave(Follower, late, rig.Pose(2)));
        Assert.Equal(1, rig.SlaveOf(Follower).Joints[0].Real);
    }

    [Fact]
    public void New_limits_hold_at_once()
    {
        var rig = Rig.Routing();
        rig.Stream(2, 50, 50);
        var model = RobotModels.So101;
        var tight = model with { Joints = model.Joints.SetItem(0, model.Joints[0] with { Min = -20, Max = 20 }) };

        rig.Accept(new RobotRequest.Configure(tight));
        rig.Stream(2, 50, 50);

        Assert.Equal(20, rig.Commands[^1].Positions[0]);
        Assert.Equal(tight, rig.Durable.Model);
        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.Configure(tight)));
        var unsound = tight with { Joints = [] };
        Assert.Equal(RefusalReason.Invalid, rig.Apply(new RobotRequest.Configure(unsound)).Refused?.Reason);
    }
}
