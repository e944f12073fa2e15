using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

/// <summary>After a stop nothing goes on by itself.</summary>
public sealed class StandstillTests
{
    private const string Follower = Rig.Follower;
    private const string Pan = "shoulder_pan";
    private readonly Rig rig = new();

    public StandstillTests()
    {
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding("micro", SlaveKind.MicroPython), false));
        rig.Accept(new RobotRequest.JoinSlave("guest"));
        rig.Slave(Follower, 0);
    }

    public static TheoryData<string> Latches() => new("robot", "fleet");

    [Theory]
    [MemberData(nameof(Latches))]
    public void A_program_commands_anew(string latch)
    {
        var epoch = rig.Attach("script");
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 100))));
        rig.Drive(0.2);
        StopAndReset(latch);

        rig.Drive(3);
        Assert.Empty(rig.Commands);
        Assert.Equal(MasterState.Live, rig.MasterState);

        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 50))));
        rig.Drive(5);
        foreach (var slave in new[] { Follower, "micro", "guest" })
            Assert.Equal(50, rig.LastOf(slave).Positions[0]);
    }

    [Theory]
    [MemberData(nameof(Latches))]
    public void A_program_is_refused_meanwhile_and_keeps_its_lease(string latch)
    {
        var epoch = rig.Attach("script");
        Latch(latch, true);
        for (var time = 0; time < 4; time++)
        {
            rig.Advance(1.5);
            var refused = rig.Apply(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 50)))).Refused;
            Assert.Equal(RefusalReason.Stopped, refused?.Reason);
            rig.Tick();
        }

        Latch(latch, false);
        rig.Drive(1);
        Assert.Empty(rig.Commands);
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 50))));
    }

    [Fact]
    public void A_programs_motion_begins_where_the_arm_is_after_the_reset()
    {
        var epoch = rig.Attach("script");
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 100))));
        rig.Drive(2);
        rig.Accept(new RobotRequest.Stop());
        rig.Slave(Follower, -20);
        rig.Accept(new RobotRequest.Reset());
        rig.Commands.Clear();

        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 0)) with { Duration = TimeSpan.FromSeconds(2) }));
        rig.Tick();
        rig.Drive(1);

        Assert.Equal(-20, rig.Commands.First(command => command.Device == Follower).Positions[0], 0.5);
        Assert.Equal(-10, rig.LastOf(Follower).Positions[0], 0.5);
    }

    [Theory]
    [MemberData(nameof(Latches))]
    public void A_motion_goes_on_only_when_it_is_resumed(string latch)
    {
        rig.Accept(new RobotRequest.Play(new TestMotion(0, 40, 2), false, false));
        rig.Tick();
        rig.Drive(1);
        var at = rig.Snapshot.Master!.Playing!.Position;
        Latch(latch, true);
        Assert.True(rig.Snapshot.Master!.Playing!.Paused);
        Assert.Equal(RefusalReason.Stopped, rig.Apply(new RobotRequest.ControlPlayback(false, null)).Refused?.Reason);
        rig.Slave(Follower, -10);
        Latch(latch, false);
        rig.Commands.Clear();

        rig.Drive(3);
        rig.Accept(new RobotRequest.ControlPlayback(null, at));
        rig.Accept(new RobotRequest.ControlPlayback(true, null));
        rig.Drive(1);
        Assert.Empty(rig.Commands);

        rig.Accept(new RobotRequest.ControlPlayback(false, null));
        rig.Drive(5);
        Assert.Null(rig.Snapshot.Master);
        Assert.Equal(-10, rig.Commands.First(command => command.Device == Follower).Positions[0], 180 * 0.03);
        Assert.Equal(40, rig.LastOf(Follower).Positions[0]);
    }

    [Fact]
    public void A_motion_is_not_begun_under_a_stop()
    {
        rig.Accept(new RobotRequest.Stop());

        Assert.Equal(RefusalReason.Stopped, rig.Apply(new RobotRequest.Play(new TestMotion(0, 40, 2), false, false)).Refused?.Reason);
    }

    [Theory]
    [MemberData(nameof(Latches))]
    public void The_panels_spell_is_over(string latch)
    {
        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 100))));
        rig.Drive(0.2);
        rig.Effects.Clear();
        StopAndReset(latch);

        Assert.False(rig.Snapshot.Manual);
        Assert.Contains(new RobotEvent(RobotEventKind.ManualEnded, "robot-1"), rig.Effects);
        Assert.Contains(new Effect.StopStream(Follower, rig.Epoch), rig.Effects);
        rig.Drive(3);
        Assert.Empty(rig.Commands);
    }

    [Fact]
    public void A_reset_that_finds_no_stop_does_not_halt_what_moves()
    {
        var epoch = rig.Attach("script");
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 100))));
        rig.Drive(0.2);
        rig.Accept(new RobotRequest.Reset());
        rig.Accept(new RobotRequest.FleetStop(false));
        rig.Drive(4);

        Assert.Equal(100, rig.LastOf(Follower).Positions[0]);
    }

    [Fact]
    public void One_latch_released_is_not_enough()
    {
        var epoch = rig.Attach("script");
        rig.Accept(new RobotRequest.Stop());
        rig.Accept(new RobotRequest.FleetStop(true));
        rig.Accept(new RobotRequest.Reset());

        Assert.Contains(
            "fleet", rig.Apply(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 50)))).Refused!.Text, StringComparison.Ordinal);
    }

    private void StopAndReset(string latch)
    {
        Latch(latch, true);
        rig.Commands.Clear();
        rig.Drive(1);
        Assert.Empty(rig.Commands);
        Latch(latch, false);
    }

    private void Latch(string latch, bool stopped) => rig.Accept(
        latch == "fleet" ? new RobotRequest.FleetStop(stopped)
        : stopped ? new RobotRequest.Stop()
        : new RobotRequest.Reset());
}
