using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

/// <summary>Stored motions as masters.</summary>
public sealed class MotionTests
{
    private const string Follower = Rig.Follower;
    private static readonly TestMotion Wave = new(0, 40, 2);
    private readonly Rig rig = new();

    public MotionTests()
    {
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Slave(Follower, 0);
        rig.Effects.Clear();
    }

    [Fact]
    public void A_motion_is_played_in_its_time_and_lives_at_once()
    {
        Play(Wave);
        Assert.Equal(
            [
                new Effect.Persist(rig.Core.Document),
                new Effect.StartStream(Follower, rig.Epoch),
                new RobotEvent(RobotEventKind.MasterLive, "wave"),
            ],
            rig.Effects);
        rig.Tick();
        rig.Drive(1);

        Assert.Equal(20, rig.LastOf(Follower).Positions[0], 0.5);
        Assert.Equal(new PlaySnapshot(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), Loop: false, Paused: false), rig.Snapshot.Master!.Playing);
        Assert.Equal(MasterKind.Sequence, rig.Snapshot.Master.Kind);
    }

    [Fact]
    public void It_ends_when_the_slaves_have_arrived_and_the_robot_is_free()
    {
        Play(Wave);
        rig.Effects.Clear();
        rig.Drive(2.5);

        Assert.Null(rig.Snapshot.Master);
        Assert.Null(rig.Durable.Master);
        Assert.Equal(40, rig.LastOf(Follower).Positions[0]);
        Assert.Equal(
            [
                new Effect.StopStream(Follower, rig.Epoch),
                new RobotEvent(RobotEventKind.MotionEnded, "wave"),
                new Effect.Persist(rig.Core.Document),
            ],
            rig.Effects);
    }

    [Fact]
    public void It_waits_at_its_end_for_a_slave_that_is_far()
    {
        rig.Accept(new RobotRequest.BindSlave("follower-2", false));
        rig.Slave("follower-2", -95);
        rig.Approaching.Add("follower-2");
        Play(new TestMotion(0, 90, 1));
        rig.Drive(2);
        Assert.NotNull(rig.Snapshot.Master);

        rig.Approaching.Clear();
        rig.Drive(0.5);
        Assert.Null(rig.Snapshot.Master);
        Assert.Equal(90, rig.LastOf("follower-2").Positions[0]);
    }

    [Fact]
    public void It_ends_without_any_slave_and_for_joints_it_says_nothing_of()
    {
        var alone = new Rig();
        alone.Accept(new RobotRequest.Play(Wave, false, false));
        alone.Drive(2.5);
        Assert.Null(alone.Snapshot.Master);

        Play(new TestMotion(double.NaN, double.NaN, 1));
        rig.Drive(1.2);
        Assert.Null(rig.Snapshot.Master);
        Assert.Empty(rig.Commands);
    }

    [Fact]
    public void A_joint_it_says_nothing_of_stays()
    {
        rig.Slave(Follower, 25);
        Play(Wave);
        rig.Drive(3);

        Assert.Equal([40, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN], rig.LastOf(Follower).Positions);
    }

    [Fact]
    public void A_loop_begins_again_and_never_ends()
    {
        Play(Wave, loop: true);
        rig.Tick();
        rig.Drive(9);

        Assert.Equal(TimeSpan.FromSeconds(1), rig.Snapshot.Master!.Playing!.Position);
        Assert.Equal(20, rig.LastOf(Follower).Positions[0], 3.0);
    }

    [Fact]
    public void A_pause_holds_the_pose_and_a_resume_goes_on()
    {
        Play(Wave);
        rig.Tick();
        rig.Drive(1);
        rig.Accept(new RobotRequest.ControlPlayback(true, null));
        rig.Drive(5);
        Assert.Equal((TimeSpan.FromSeconds(1), true), (rig.Snapshot.Master!.Playing!.Position, rig.Snapshot.Master.Playing.Paused));
        Assert.Equal(20, rig.LastOf(Follower).Positions[0], 0.001);
        Assert.True(rig.Now.MicrosecondsSince(rig.LastOf(Follower).At) <= 100_000, "a paused motion keeps its slaves");

        rig.Accept(new RobotRequest.ControlPlayback(false, null));
        rig.Drive(0.5);
        Assert.Equal(30, rig.LastOf(Follower).Positions[0], 0.5);
    }

    [Fact]
    public void A_seek_is_a_way_and_no_jump()
    {
        Play(Wave);
        rig.Drive(0.1);
        var before = rig.LastOf(Follower);
        rig.Accept(new RobotRequest.ControlPlayback(null, TimeSpan.FromSeconds(1.9)));
        rig.Advance(0.01);
        rig.Tick();

        Assert.InRange(rig.LastOf(Follower).Positions[0] - before.Positions[0], 0.1, 180 * 0.03 + 1e-6);
        Assert.InRange(rig.Snapshot.Master!.Playing!.Position, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(1.92));
    }

    [Theory]
    [InlineData(-0.001)]
    [InlineData(2.001)]
    public void A_position_it_does_not_have_is_refused_and_changes_nothing(double seconds)
    {
        Play(Wave);
        rig.Drive(0.5);

        Assert.Equal(RefusalReason.Invalid, rig.Apply(new RobotRequest.ControlPlayback(true, TimeSpan.FromSeconds(seconds))).Refused?.Reason);
        Assert.False(rig.Snapshot.Master!.Playing!.Paused);
    }

    [Fact]
    public void A_motion_sought_to_its_end_while_it_is_paused_ends_when_it_is_resumed()
    {
        Play(Wave);
        rig.Accept(new RobotRequest.ControlPlayback(true, TimeSpan.FromSeconds(2)));
        rig.Drive(2);
        Assert.NotNull(rig.Snapshot.Master);

        rig.Accept(new RobotRequest.ControlPlayback(false, null));
        rig.Drive(0.1);
        Assert.Null(rig.Snapshot.Master);
    }

    [Fact]
    public void A_late_tick_does_not_skip_a_part_of_it()
    {
        Play(Wave);
        rig.Tick();
        rig.Advance(1);
        rig.Tick();

        Assert.Equal(Rig.Timing.MaxStep, rig.Snapshot.Master!.Playing!.Position);
    }

    [Fact]
    public void A_misfit_is_refused_in_its_own_words()
    {
        var refused = rig.Apply(new RobotRequest.Play(Wave with { Fits = false }, false, false)).Refused;

        Assert.Equal((RefusalReason.Invalid, TestMotion.Misfit), (refused?.Reason, refused?.Text));
        Assert.Empty(rig.Effects);
    }

    [Fact]
    public void Asked_again_it_goes_on_and_with_a_takeover_it_begins_anew()
    {
        Play(Wave);
        rig.Tick();
        rig.Drive(1);
        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.Play(Wave, false, false)));
        Assert.Equal(RefusalReason.MasterHeld, rig.Apply(new RobotRequest.Play(Wave, true, false)).Refused?.Reason);

        rig.Accept(new RobotRequest.Play(Wave, true, true));
        Assert.Equal(TimeSpan.Zero, rig.Snapshot.Master!.Playing!.Position);
        Assert.True(rig.Snapshot.Master.Playing.Loop);
    }

    [Fact]
    public void There_is_nothing_to_steer_without_one()
    {
        Assert.Equal(RefusalReason.NothingPlays, rig.Apply(new RobotRequest.ControlPlayback(true, null)).Refused?.Reason);
        rig.Attach("script");
        Assert.Equal(RefusalReason.NothingPlays, rig.Apply(new RobotRequest.ControlPlayback(true, null)).Refused?.Reason);
    }

    [Fact]
    public void It_needs_no_sign_of_life_and_does_not_survive_a_restart()
    {
        Play(Wave, loop: true);
        rig.Accept(new RobotRequest.ControlPlayback(true, null));
        rig.Advance(3600);
        rig.Tick();
        Assert.Equal(MasterState.Live, rig.MasterState);

        rig.Restart();
        Assert.Null(rig.Snapshot.Master);
    }

    [Fact]
    public void Another_model_ends_it_and_says_so()
    {
        Play(Wave, loop: true);
        rig.Drive(0.5);
        rig.Effects.Clear();
        var slow = RobotModels.So101 with { Joints = [.. RobotModels.So101.Joints.Select(joint => joint with { MaxVelocity = 5 })] };

        rig.Accept(new RobotRequest.Configure(slow));

        Assert.Null(rig.Snapshot.Master);
        Assert.Null(rig.Durable.Master);
        Assert.Equal(slow, rig.Durable.Model);
        Assert.Contains(new RobotEvent(RobotEventKind.MasterUnbound, "wave"), rig.Effects);
        rig.Commands.Clear();
        rig.Drive(0.5);
        Assert.Empty(rig.Commands);
    }

    [Fact]
    public void A_program_may_take_it_over()
    {
        Play(Wave, loop: true);
        rig.Drive(0.5);
        rig.Attach("script", takeover: true);
        rig.Commands.Clear();
        rig.Drive(0.5);

        Assert.Empty(rig.Commands);
        Assert.Contains(new RobotEvent(RobotEventKind.MasterReplaced, "wave", "script"), rig.Effects);
    }

    private void Play(TestMotion motion, bool loop = false) => rig.Accept(new RobotRequest.Play(motion, loop, false));
}
