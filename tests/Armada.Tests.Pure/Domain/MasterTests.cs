using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

public sealed class MasterTests
{
    private const string Leader = Rig.Leader;
    private const string Follower = Rig.Follower;
    private readonly Rig rig = new();

    [Fact]
    public void A_bound_master_is_told_its_epoch_after_it_is_stored_and_lives_with_its_first_frame()
    {
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Effects.Clear();
        rig.Accept(new RobotRequest.BindMaster(Leader, false));

        var epoch = rig.Core.Document.Epoch;
        Assert.Equal(
            [new Effect.Persist(rig.Core.Document), new Effect.StartStream(Leader, epoch), new Effect.StartStream(Follower, epoch)],
            rig.Effects);
        Assert.Equal(MasterState.Waiting, rig.MasterState);

        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 0));
        Assert.Equal(MasterState.Live, rig.MasterState);
        Assert.Equal(new RobotEvent(RobotEventKind.MasterLive, Leader), rig.Effects[^1]);
    }

    [Fact]
    public void The_same_master_may_be_bound_again()
    {
        rig.Accept(new RobotRequest.BindMaster(Leader, false));

        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.BindMaster(Leader, false)));
    }

    [Fact]
    public void Another_master_is_refused_with_the_holders_name()
    {
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        var before = rig.Core.Document;

        var refused = rig.Apply(new RobotRequest.BindMaster("leader-2", false)).Refused;

        Assert.Equal(RefusalReason.MasterHeld, refused?.Reason);
        Assert.Contains(Leader, refused?.Text, StringComparison.Ordinal);
        Assert.Same(before, rig.Core.Document);
    }

    [Fact]
    public void A_takeover_ends_the_old_stream_and_its_frames()
    {
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.Master(Leader, 0);
        var epoch = rig.Core.Document.Epoch;
        var late = rig.Next(Leader);
        rig.Effects.Clear();

        rig.Accept(new RobotRequest.BindMaster("leader-2", true));

        Assert.True(rig.Core.Document.Epoch > epoch);
        Assert.Equal(
            [
                new Effect.Persist(rig.Core.Document),
                new Effect.StopStream(Leader, epoch),
                new RobotEvent(RobotEventKind.MasterReplaced, Leader, "leader-2"),
                new Effect.StartStream("leader-2", rig.Core.Document.Epoch),
            ],
            rig.Effects);
        Assert.Equal(FrameResult.Accepted, rig.Master("leader-2", 0));
        Assert.Equal(FrameResult.StaleEpoch, rig.Master(late, rig.Pose(0)));
    }

    [Fact]
    public void A_master_without_readings_loses_its_lease_and_gets_it_back_with_the_first_reading()
    {
        var rig = Rig.Routing();
        rig.Stream(1, 20, 20);
        var (epoch, commands) = (rig.Epoch, rig.Commands.Count);
        for (var sample = 0; sample < 400; sample++)
        {
            rig.Advance(0.01);
            rig.Slave(Follower, 20);
            Assert.Equal(FrameResult.NoReading, rig.Master(Leader, double.NaN));
            rig.Tick();
        }

        Assert.Equal((MasterState.Lost, epoch, commands), (rig.MasterState, rig.Epoch, rig.Commands.Count));
        Assert.Equal(FrameResult.AwaitingEpoch, rig.Master(Leader, 88));
        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 88));
        Assert.True(rig.Epoch > epoch);
        Assert.True(rig.LastOf(Follower).Stamp.Approach);
    }

    [Fact]
    public void A_silent_master_loses_its_lease_and_the_slaves_hold()
    {
        var live = Rig.Routing();
        var epoch = live.Core.Document.Epoch;
        live.Advance(2.1);
        live.Effects.Clear();
        live.Tick();

        Assert.Equal(MasterState.Lost, live.MasterState);
        Assert.Contains(new Effect.StopStream(Follower, epoch), live.Effects);
        Assert.Contains(new RobotEvent(RobotEventKind.MasterLost, Leader), live.Effects);
    }

    [Fact]
    public void A_lost_master_attaches_again_by_itself_with_one_higher_epoch()
    {
        var live = Rig.Routing();
        var epoch = live.Core.Document.Epoch;
        var dead = live.Next(Leader);
        live.Advance(3);
        live.Effects.Clear();

        Assert.Equal(FrameResult.AwaitingEpoch, live.Master(dead, live.Pose(0)));
        for (var frame = 0u; frame < 50; frame++)
            Assert.Equal(FrameResult.AwaitingEpoch, live.Master(dead with { Sequence = dead.Sequence + frame }, live.Pose(0)));

        Assert.Single(live.Effects.OfType<Effect.Persist>());
        Assert.True(live.Core.Document.Epoch > epoch);
        Assert.Equal(FrameResult.Accepted, live.Master(Leader, 0));
        Assert.Equal(MasterState.Live, live.MasterState);
    }

    [Fact]
    public void After_a_restart_a_bound_master_attaches_by_itself_with_a_higher_epoch()
    {
        var live = Rig.Routing();
        var epoch = live.Core.Document.Epoch;
        live.Restart();
        Assert.Equal(MasterState.Waiting, live.MasterState);

        Assert.Equal(FrameResult.AwaitingEpoch, live.Master(Leader, 0));
        Assert.True(live.Core.Document.Epoch > epoch);
        Assert.Equal(FrameResult.Accepted, live.Master(Leader, 0));
    }

    [Fact]
    public void A_source_that_restarts_under_its_lease_gets_a_new_epoch_at_once()
    {
        var live = Rig.Routing();
        live.Stream(1.5, 0, 0);
        var epoch = live.Core.Document.Epoch;
        live.RestartDevice(Leader);

        Assert.Equal(FrameResult.AwaitingEpoch, live.Master(Leader, 0));
        Assert.Equal(FrameResult.Accepted, live.Master(Leader, 0));
        Assert.True(live.Core.Document.Epoch > epoch);
    }

    [Fact]
    public void The_epoch_is_told_again_while_frames_come_without_it()
    {
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.RestartDevice(Leader);
        rig.Effects.Clear();
        for (var frame = 0u; frame < 250; frame++)
        {
            rig.Advance(0.01);
            Assert.Equal(FrameResult.AwaitingEpoch, rig.Master(new SampleStamp(0, frame, rig.Now.Unix), rig.Pose(0)));
        }

        var told = new Effect.StartStream(Leader, rig.Core.Document.Epoch);
        Assert.Equal([told, told], rig.Effects);
    }

    [Fact]
    public void A_device_whose_epoch_is_ahead_by_a_hosts_clock_is_overtaken_when_the_clock_allows()
    {
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        var ahead = rig.Core.Document.Epoch + 5;
        for (var second = 0u; second < 7; second++)
        {
            rig.Advance(1);
            rig.Master(new SampleStamp(ahead, second, rig.Now.Unix), rig.Pose(0));
        }

        Assert.InRange(rig.Core.Document.Epoch, ahead + 1, ahead + 2);
    }

    [Fact]
    public void An_absurd_epoch_raises_nothing()
    {
        var live = Rig.Routing();
        var epoch = live.Core.Document.Epoch;
        live.Stream(1.5, 0, 0);

        Assert.Equal(FrameResult.StaleEpoch, live.Master(new SampleStamp(uint.MaxValue, 1, live.Now.Unix), live.Pose(0)));
        Assert.Equal(epoch, live.Core.Document.Epoch);
    }

    [Fact]
    public void A_last_will_ends_the_lease_at_once_and_a_return_begins_another()
    {
        var live = Rig.Routing();
        live.Presence(Leader, false);
        Assert.Equal(MasterState.Lost, live.MasterState);

        live.RestartDevice(Leader);
        live.Presence(Leader, true);
        Assert.Equal(FrameResult.AwaitingEpoch, live.Master(Leader, 0));
        Assert.Equal(FrameResult.Accepted, live.Master(Leader, 0));
    }

    [Fact]
    public void A_master_that_comes_online_is_told_its_epoch_and_only_once()
    {
        rig.Accept(new RobotRequest.BindMaster(Leader, false));

        Assert.Equal([new Effect.StartStream(Leader, rig.Core.Document.Epoch)], rig.Presence(Leader, true).Effects);
        Assert.Same(Decision.Nothing, rig.Presence(Leader, true));
    }

    [Fact]
    public void An_unbound_master_is_heard_no_more_and_slaves_hold()
    {
        var live = Rig.Routing();
        var epoch = live.Core.Document.Epoch;
        live.Effects.Clear();

        live.Accept(new RobotRequest.UnbindMaster());

        Assert.IsType<Effect.Persist>(live.Effects[0]);
        Assert.Contains(new Effect.StopStream(Leader, epoch), live.Effects);
        Assert.Contains(new Effect.StopStream(Follower, epoch), live.Effects);
        Assert.Equal(FrameResult.NotBound, live.Master(Leader, 0));
        Assert.Same(Decision.Nothing, live.Apply(new RobotRequest.UnbindMaster()));
    }

    [Fact]
    public void A_slave_is_no_master_unless_taken_over()
    {
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        Assert.Equal(RefusalReason.DeviceBusy, rig.Apply(new RobotRequest.BindMaster(Follower, false)).Refused?.Reason);

        rig.Accept(new RobotRequest.BindMaster(Follower, true));
        Assert.Equal(-1, rig.Core.FindSlave(Follower));
        Assert.Empty(rig.Durable.Slaves);

        Assert.Equal(RefusalReason.DeviceBusy, rig.Apply(new RobotRequest.BindSlave(Follower, false)).Refused?.Reason);
        rig.Accept(new RobotRequest.BindSlave(Follower, true));
        Assert.Null(rig.Durable.Master);
    }

    [Fact]
    public void A_frame_is_judged_by_joints_epoch_sequence_and_age()
    {
        var live = Rig.Routing();
        live.Stream(0.1, 0, 0);
        var stamp = live.Next(Leader);

        Assert.Equal(FrameResult.WrongJoints, live.Master(stamp, new double[5]));
        Assert.Equal(FrameResult.StaleEpoch, live.Master(stamp with { Epoch = stamp.Epoch - 1 }, live.Pose(0)));
        Assert.Equal(FrameResult.Accepted, live.Master(stamp, live.Pose(0)));
        Assert.Equal(FrameResult.Duplicate, live.Master(stamp, live.Pose(0)));
        var late = live.Next(Leader);
        live.Advance(0.35);
        Assert.Equal(FrameResult.Expired, live.Master(late, live.Pose(0)));

        var counts = live.Core.Snapshot(live.Now).Master!.Frames;
        Assert.Equal(12, counts[FrameResult.Accepted]);
        Assert.All(
            [FrameResult.WrongJoints, FrameResult.StaleEpoch, FrameResult.Duplicate, FrameResult.Expired], verdict => Assert.Equal(1, counts[verdict]));
    }

    [Fact]
    public void Lost_frames_and_the_rate_are_counted()
    {
        var live = Rig.Routing();
        live.Next(Leader);
        live.Next(Leader);
        live.Stream(2.5, 0, 0);

        var master = live.Core.Snapshot(live.Now).Master!;
        Assert.Equal(2, master.Frames.Lost);
        Assert.InRange(master.FramesPerSecond, 95, 105);
    }
}
