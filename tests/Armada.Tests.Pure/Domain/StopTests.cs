using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

public sealed class StopTests
{
    private const string Leader = Rig.Leader;
    private const string Follower = Rig.Follower;
    private readonly Rig rig = Rig.Routing();

    [Fact]
    public void A_stop_goes_to_the_slaves_before_the_disk()
    {
        rig.Effects.Clear();
        rig.Accept(new RobotRequest.Stop());

        Assert.Equal(
            [new Effect.StopDevice(Follower), new Effect.Persist(rig.Core.Document), new RobotEvent(RobotEventKind.Stopped, "robot-1")],
            rig.Effects);
        Assert.True(rig.Durable.Stopped);
    }

    [Fact]
    public void Nothing_is_routed_until_the_reset_and_the_lease_lives_on()
    {
        rig.Accept(new RobotRequest.Stop());
        rig.Commands.Clear();
        rig.Stream(5, 30, 0);
        rig.Tick();

        Assert.Empty(rig.Commands);
        Assert.Equal(MasterState.Live, rig.MasterState);
        Assert.Equal(SlaveState.Stopped, rig.SlaveOf(Follower).State);
        Assert.Equal(500, rig.Core.Snapshot(rig.Now).Master!.Frames[FrameResult.Stopped]);
    }

    [Fact]
    public void After_a_reset_slaves_approach_anew()
    {
        rig.Stream(2, 30, 30);
        rig.Accept(new RobotRequest.Stop());
        rig.Stream(1, 90, 20);
        rig.Effects.Clear();
        rig.Commands.Clear();

        rig.Accept(new RobotRequest.Reset());
        Assert.Equal(
            [new Effect.Persist(rig.Core.Document), new RobotEvent(RobotEventKind.Reset, "robot-1"), new Effect.ResetDevice(Follower)],
            rig.Effects);
        rig.Stream(0.1, 90, 20);

        Assert.All(rig.Commands, command => Assert.True(command.Stamp.Approach));
        Assert.True(rig.SlaveOf(Follower).Approaching);
    }

    [Fact]
    public void A_stop_survives_a_restart_and_is_sent_again()
    {
        rig.Accept(new RobotRequest.Stop());
        rig.Effects.Clear();
        rig.Restart();

        Assert.Equal([new Effect.StopDevice(Follower)], rig.Effects);
        Assert.True(rig.Core.IsStopped);
    }

    [Fact]
    public void A_stop_and_a_reset_asked_again_are_sent_again_without_a_change()
    {
        rig.Accept(new RobotRequest.Stop());
        Assert.Equal([new Effect.StopDevice(Follower)], rig.Apply(new RobotRequest.Stop()).Effects);

        rig.Accept(new RobotRequest.Reset());
        Assert.Equal([new Effect.ResetDevice(Follower)], rig.Apply(new RobotRequest.Reset()).Effects);
    }

    [Fact]
    public void The_fleets_stop_and_the_robots_own_are_two_latches()
    {
        rig.Accept(new RobotRequest.FleetStop(true));
        Assert.False(rig.Durable.Stopped);
        rig.Accept(new RobotRequest.Stop());

        Assert.DoesNotContain(rig.Apply(new RobotRequest.Reset()).Effects, effect => effect is Effect.ResetDevice);
        Assert.Equal(FrameResult.Stopped, rig.Master(Leader, 0));

        rig.Accept(new RobotRequest.Stop());
        Assert.DoesNotContain(rig.Apply(new RobotRequest.FleetStop(false)).Effects, effect => effect is Effect.ResetDevice);
        Assert.Equal(FrameResult.Stopped, rig.Master(Leader, 0));

        Assert.Contains(new Effect.ResetDevice(Follower), rig.Apply(new RobotRequest.Reset()).Effects);
        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 0));
    }

    [Fact]
    public void A_slave_that_comes_under_a_stop_is_stopped()
    {
        rig.Accept(new RobotRequest.Stop());

        Assert.Equal(new Effect.StopDevice("follower-2"), rig.Apply(new RobotRequest.BindSlave("follower-2", false)).Effects[0]);
        rig.Effects.Clear();
        rig.Slave("follower-2", 0);
        Assert.Contains(new Effect.StopDevice("follower-2"), rig.Effects);
        rig.Presence("follower-2", false);
        Assert.Contains(new Effect.StopDevice("follower-2"), rig.Presence("follower-2", true).Effects);
    }

    [Fact]
    public void A_slave_that_restarts_under_a_stop_is_stopped()
    {
        rig.Accept(new RobotRequest.Stop());
        rig.RestartDevice(Follower);
        rig.Effects.Clear();
        rig.Slave(Follower, 0);

        Assert.Contains(new Effect.StopDevice(Follower), rig.Effects);
    }

    [Fact]
    public void A_stopped_robot_does_not_call_a_failed_slave_stopped()
    {
        rig.Accept(new RobotRequest.Stop());
        rig.Presence(Follower, false);

        Assert.Equal(SlaveState.Failed, rig.SlaveOf(Follower).State);
    }

    [Fact]
    public void A_stop_that_cannot_be_stored_holds_and_is_stored_later()
    {
        rig.DiskFails = true;
        rig.Apply(new RobotRequest.Stop());
        Assert.True(rig.Core.IsStopped);
        Assert.False(rig.Durable.Stopped);
        Assert.NotEqual(FrameResult.Accepted, rig.Master(Leader, 0));

        rig.Advance(1.1);
        rig.Tick();
        Assert.True(rig.Core.IsStopped);
        rig.DiskFails = false;
        rig.Advance(1.1);
        rig.Tick();
        Assert.True(rig.Durable.Stopped);
    }

    [Fact]
    public void A_change_that_cannot_be_stored_did_not_happen()
    {
        rig.DiskFails = true;
        rig.Effects.Clear();
        rig.Apply(new RobotRequest.BindMaster("leader-2", true));

        Assert.Equal(Leader, rig.Core.Document.Master?.Name);
        Assert.DoesNotContain(rig.Effects, effect => effect is Effect.StartStream or Effect.StopStream);

        rig.DiskFails = false;
        rig.Advance(1.1);
        Assert.Equal(FrameResult.AwaitingEpoch, rig.Master(Leader, 0));
        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 0));
    }
}
