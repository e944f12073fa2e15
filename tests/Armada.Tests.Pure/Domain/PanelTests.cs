using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

/// <summary>The operator's panel: locked by a master that lives, an epoch of its own otherwise.</summary>
public sealed class PanelTests
{
    private const string Leader = Rig.Leader;
    private const string Follower = Rig.Follower;
    private const string Pan = "shoulder_pan";

    [Fact]
    public void A_live_device_locks_the_panel_and_is_named()
    {
        var rig = Rig.Routing();

        var refused = rig.Apply(new RobotRequest.Manual(Rig.Go((Pan, 10)))).Refused;

        Assert.Equal(RefusalReason.PanelLocked, refused?.Reason);
        Assert.StartsWith("leader-1 is master", refused!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void So_do_a_program_and_a_motion_even_a_paused_one()
    {
        var rig = Manual(real: 0);
        rig.Attach("script");
        Assert.Contains("script", Refused(rig).Text, StringComparison.Ordinal);

        rig.Accept(new RobotRequest.Play(new TestMotion(0, 10, 1), true, true));
        rig.Accept(new RobotRequest.ControlPlayback(true, null));
        rig.Advance(60);
        Assert.Contains("wave", Refused(rig).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_is_bound_and_silent_does_not()
    {
        var rig = Manual(real: 0);
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 10))));

        var live = Rig.Routing();
        live.Advance(2.01);
        live.Slave(Follower, 0);
        live.Accept(new RobotRequest.Manual(Rig.Go((Pan, 10))));
        live.Drive(1);
        Assert.Equal(10, live.LastOf(Follower).Positions[0]);
    }

    [Fact]
    public void A_spell_has_an_epoch_of_its_own_that_is_stored_before_it_is_told()
    {
        var rig = Manual(real: 0);
        rig.Attach("script");
        rig.Accept(new RobotRequest.DetachRemote("script"));
        var before = rig.Epoch;
        rig.Effects.Clear();

        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 10))));
        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 20))));

        Assert.True(rig.Epoch > before);
        Assert.Equal(
            [
                new Effect.Persist(rig.Core.Document),
                new RobotEvent(RobotEventKind.ManualBegan, "robot-1"),
                new Effect.StartStream(Follower, rig.Epoch),
            ],
            rig.Effects);
        Assert.True(rig.Snapshot.Manual);
    }

    [Fact]
    public void A_spell_moves_every_slave_to_the_goal_within_limits_and_velocity()
    {
        var rig = Manual(real: 30);
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding("micro", SlaveKind.MicroPython), false));
        rig.Accept(new RobotRequest.JoinSlave("guest"));
        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 500))));
        rig.Drive(0.2);
        Assert.InRange(rig.LastOf(Follower).Positions[0], 31, 30 + 180 * 0.23);

        rig.Drive(5);
        foreach (var slave in new[] { Follower, "micro", "guest" })
            Assert.Equal(110, rig.LastOf(slave).Positions[0]);
    }

    [Fact]
    public void A_spell_ends_two_seconds_after_all_has_arrived()
    {
        var rig = Manual(real: 0);
        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 60)) with { Duration = TimeSpan.FromSeconds(3) }));
        rig.Drive(4.8);
        Assert.True(rig.Snapshot.Manual);
        rig.Effects.Clear();
        rig.Drive(0.3);

        Assert.False(rig.Snapshot.Manual);
        Assert.False(rig.Core.IsDriving);
        Assert.Equal([new RobotEvent(RobotEventKind.ManualEnded, "robot-1"), new Effect.StopStream(Follower, rig.Epoch)], rig.Effects);
        rig.Commands.Clear();
        rig.Drive(1);
        Assert.Empty(rig.Commands);
    }

    [Fact]
    public void A_bound_device_whose_frames_come_back_ends_it()
    {
        var rig = Rig.Routing();
        rig.Advance(2.01);
        rig.Slave(Follower, 0);
        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 10))));
        rig.Drive(0.1);
        var spell = rig.Epoch;

        Assert.Equal(FrameResult.AwaitingEpoch, rig.Master(Leader, 0));
        Assert.False(rig.Snapshot.Manual);
        Assert.Contains(new RobotEvent(RobotEventKind.ManualEnded, "robot-1"), rig.Effects);
        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 0));
        Assert.True(rig.Commands[^1].Stamp.Epoch > spell);
        Refused(rig);
    }

    [Fact]
    public void A_program_that_attaches_ends_it_without_a_takeover()
    {
        var rig = Manual(real: 0);
        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 100))));
        rig.Drive(0.1);
        var at = rig.LastOf(Follower).Positions[0];
        rig.Commands.Clear();

        rig.Attach("script");
        rig.Drive(1);

        Assert.False(rig.Snapshot.Manual);
        Assert.Empty(rig.Commands);
        Assert.InRange(at, 1, 99);
    }

    [Fact]
    public void A_stop_refuses_the_panel_by_the_latch_that_is_in_the_way()
    {
        var rig = Manual(real: 0);
        rig.Accept(new RobotRequest.FleetStop(true));
        Assert.Equal((RefusalReason.Stopped, "the fleet is stopped; reset it first"), (Refused(rig).Reason, Refused(rig).Text));
        rig.Accept(new RobotRequest.Stop());
        Assert.StartsWith("robot-1 is stopped", Refused(rig).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unsound_command_begins_no_spell()
    {
        var rig = Manual(real: 0);
        var before = rig.Core.Document;
        Assert.Equal(RefusalReason.Invalid, rig.Apply(new RobotRequest.Manual(Rig.Go((Pan, double.NaN)))).Refused?.Reason);

        Assert.Same(before, rig.Core.Document);
        Assert.False(rig.Snapshot.Manual);
    }

    [Fact]
    public void A_spell_that_could_not_be_stored_never_began()
    {
        var rig = Manual(real: 0);
        rig.Effects.Clear();
        rig.DiskFails = true;
        rig.Apply(new RobotRequest.Manual(Rig.Go((Pan, 10))));
        rig.Drive(0.5);

        Assert.Empty(rig.Commands);
        Assert.False(rig.Snapshot.Manual);
        Assert.DoesNotContain(rig.Effects, effect => effect is RobotEvent { Kind: RobotEventKind.ManualBegan or RobotEventKind.ManualEnded });
    }

    [Fact]
    public void A_spell_ends_with_a_write_that_fails_and_that_is_told()
    {
        var rig = Manual(real: 0);
        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 10))));
        rig.Effects.Clear();
        rig.DiskFails = true;
        rig.Apply(new RobotRequest.BindSlave("follower-2", false));

        Assert.False(rig.Snapshot.Manual);
        Assert.Equal([new RobotEvent(RobotEventKind.ManualEnded, "robot-1")], rig.Effects.OfType<RobotEvent>());
    }

    [Fact]
    public void A_device_unbound_during_a_spell_does_not_disturb_it()
    {
        var rig = Manual(real: 0);
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 10))));
        rig.Accept(new RobotRequest.UnbindMaster());
        rig.Drive(1);

        Assert.Equal(10, rig.LastOf(Follower).Positions[0]);
    }

    private static Rig Manual(double real)
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Slave(Follower, real);
        return rig;
    }

    private static Refusal Refused(Rig rig) => rig.Apply(new RobotRequest.Manual(Rig.Go((Pan, 10)))).Refused!;
}
