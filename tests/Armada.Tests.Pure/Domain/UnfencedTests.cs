using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

/// <summary>Leaders that know neither epochs nor sequences: their binding stands for both.</summary>
public sealed class UnfencedTests
{
    private const string Leader = Rig.Leader;
    private const string Follower = Rig.Follower;
    private readonly Rig rig = new();

    public UnfencedTests()
    {
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.Slave(Follower, 0);
    }

    [Fact]
    public void Its_first_frame_is_taken_and_routed_under_the_robots_epoch()
    {
        Assert.Equal(FrameResult.Accepted, Send(10));
        Assert.Equal(FrameResult.Accepted, Send(10));

        Assert.Equal(MasterState.Live, rig.MasterState);
        Assert.Equal([(rig.Epoch, 1u), (rig.Epoch, 2u)], rig.Commands.Select(command => (command.Stamp.Epoch, command.Stamp.Sequence)));
    }

    [Fact]
    public void Silence_ends_its_lease_and_a_new_frame_begins_one_under_a_higher_epoch()
    {
        Send(10);
        var epoch = rig.Epoch;
        rig.Advance(2.01);
        rig.Slave(Follower, 0);
        rig.Tick();
        Assert.Equal(MasterState.Lost, rig.MasterState);
        rig.Effects.Clear();

        Assert.Equal(FrameResult.AwaitingEpoch, Send(10));
        Assert.DoesNotContain(rig.Effects, effect => effect is Effect.StartStream { Device: Leader });
        Assert.Equal(FrameResult.Accepted, Send(10));
        Assert.True(rig.Epoch > epoch);
    }

    /// <summary>As the requirement's leader sends for a servo that it could not read in time.</summary>
    [Fact]
    public void A_zero_for_a_servo_that_was_not_read_reaches_no_slave()
    {
        for (var sample = 0; sample < 20; sample++)
        {
            rig.Advance(0.05);
            rig.Slave(Follower, 60);
            Send(sample % 3 == 2 ? 0 : 60);
        }

        Assert.DoesNotContain(rig.Commands, command => command.Positions[0] < 60);
    }

    [Fact]
    public void A_live_leader_speaks_one_dialect()
    {
        Send(10);
        Assert.Equal(FrameResult.NotBound, rig.Master(Leader, 90));

        var other = Rig.Routing();
        Assert.Equal(FrameResult.NotBound, other.Master(new SampleStamp(0, 0, other.Now.Unix, Unfenced: true), other.Pose(90)));
    }

    [Fact]
    public void It_may_change_its_dialect_after_a_silence()
    {
        Send(10);
        rig.Advance(2.01);
        rig.Slave(Follower, 0);
        Assert.Equal(FrameResult.AwaitingEpoch, rig.Master(Leader, 10));
        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 10));

        rig.Advance(2.01);
        rig.Slave(Follower, 0);
        Assert.Equal(FrameResult.AwaitingEpoch, Send(10));
        Assert.Equal(FrameResult.Accepted, Send(10));
    }

    [Fact]
    public void A_dialect_that_changes_while_a_lease_is_offered_is_told_its_epoch()
    {
        Send(10);
        rig.Advance(2.01);
        rig.Slave(Follower, 0);
        Send(10);
        rig.Effects.Clear();

        rig.RestartDevice(Leader);
        rig.Master(Leader, 10);
        rig.Advance(1.01);
        Assert.Equal(FrameResult.AwaitingEpoch, rig.Master(Leader, 10));
        Assert.Contains(new Effect.StartStream(Leader, rig.Epoch), rig.Effects);
        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 10));
    }

    [Fact]
    public void It_locks_the_panel_and_obeys_the_stop_like_any_other()
    {
        Send(10);
        Assert.Equal(RefusalReason.PanelLocked, rig.Apply(new RobotRequest.Manual(Rig.Go(("Jaw", 1)))).Refused?.Reason);
        rig.Accept(new RobotRequest.Stop());
        Assert.Equal(FrameResult.Stopped, Send(10));
        Assert.Equal(FrameResult.WrongJoints, rig.Master(new SampleStamp(0, 0, 0, Unfenced: true), 1, 2, 3));
    }

    [Fact]
    public void A_slave_bound_under_it_does_not_interrupt_it()
    {
        Send(10);
        rig.Accept(new RobotRequest.BindSlave("follower-2", false));
        rig.Slave("follower-2", 0);

        Assert.Equal(FrameResult.Accepted, Send(10));
        Assert.Equal(rig.Epoch, rig.LastOf("follower-2").Stamp.Epoch);
    }

    private FrameResult Send(double position) => rig.Master(new SampleStamp(0, 0, rig.Now.Unix, Unfenced: true), rig.Pose(position));
}
