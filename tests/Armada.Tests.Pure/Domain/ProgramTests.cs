using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

/// <summary>Programs as masters: who holds the lease, and for how long.</summary>
public sealed class ProgramTests
{
    private const string Leader = Rig.Leader;
    private const string Follower = Rig.Follower;
    private const string Pan = "shoulder_pan";
    private readonly Rig rig = new();

    public ProgramTests()
    {
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Slave(Follower, 0);
        rig.Effects.Clear();
    }

    [Fact]
    public void A_program_lives_at_once_under_an_epoch_that_is_stored_before_it_is_told()
    {
        var epoch = rig.Attach("script");

        Assert.Equal(
            [
                new Effect.Persist(rig.Core.Document),
                new Effect.StartStream(Follower, epoch),
                new RobotEvent(RobotEventKind.MasterLive, "script"),
            ],
            rig.Effects);
        var master = rig.Snapshot.Master!;
        Assert.Equal(("script", MasterKind.Remote, MasterState.Live, epoch), (master.Name, master.Kind, master.State, master.Epoch));
    }

    [Fact]
    public void Another_is_refused_with_the_holders_name()
    {
        rig.Attach("script");
        var before = rig.Core.Document;

        foreach (var request in new RobotRequest[]
        {
            new RobotRequest.AttachRemote("other", false),
            new RobotRequest.BindMaster(Leader, false),
            new RobotRequest.Play(new TestMotion(0, 1, 1), false, false),
        })
        {
            var refused = rig.Apply(request).Refused;
            Assert.Equal(RefusalReason.MasterHeld, refused?.Reason);
            Assert.StartsWith("script is master", refused!.Text, StringComparison.Ordinal);
        }

        Assert.Same(before, rig.Core.Document);
    }

    [Fact]
    public void A_silent_bound_device_is_a_holder_too()
    {
        rig.Accept(new RobotRequest.BindMaster(Leader, false));

        Assert.Contains(Leader, rig.Apply(new RobotRequest.AttachRemote("script", false)).Refused!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_holder_may_ask_again_and_keeps_its_epoch()
    {
        var epoch = rig.Attach("script");
        rig.Advance(1.5);

        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.AttachRemote("script", false)));
        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.AttachRemote("script", true)));
        rig.Advance(1.5);
        rig.Accept(new RobotRequest.RenewLease("script", epoch));
    }

    [Theory]
    [InlineData("mine", "theirs")]
    [InlineData("mine", null)]
    [InlineData(null, "theirs")]
    public void Another_holder_of_the_same_name_is_another_master(string? mine, string? theirs)
    {
        rig.Accept(new RobotRequest.AttachRemote("script", false, mine));
        var epoch = rig.Epoch;

        var refused = rig.Apply(new RobotRequest.AttachRemote("script", false, theirs)).Refused!;
        Assert.Equal(RefusalReason.MasterHeld, refused.Reason);
        Assert.Contains("script", refused.Text, StringComparison.Ordinal);
        Assert.Equal(epoch, rig.Epoch);

        rig.Accept(new RobotRequest.AttachRemote("script", true, theirs));
        Assert.True(rig.Epoch > epoch, "the epoch did not rise");
        Assert.Equal(RefusalReason.NotMaster, rig.Apply(new RobotRequest.RenewLease("script", epoch)).Refused?.Reason);
    }

    [Fact]
    public void A_party_that_leaves_takes_no_lease_of_its_name_with_it_that_another_holds()
    {
        rig.Accept(new RobotRequest.AttachRemote("script", false, "mine"));

        rig.Accept(new RobotRequest.DetachRemote("script"));

        rig.Accept(new RobotRequest.RenewLease("script", rig.Epoch, "mine"));
    }

    [Theory]
    [InlineData("mine", "theirs")]
    [InlineData("mine", null)]
    [InlineData(null, "theirs")]
    public void Only_who_attached_a_program_commands_as_it(string? mine, string? theirs)
    {
        rig.Accept(new RobotRequest.AttachRemote("script", false, mine));

        foreach (var request in new RobotRequest[]
        {
            new RobotRequest.RenewLease("script", rig.Epoch, theirs),
            new RobotRequest.RemoteCommand("script", rig.Epoch, Rig.Go((Pan, 10)), theirs),
        })
        {
            var refused = rig.Apply(request).Refused;
            Assert.Equal(RefusalReason.NotMaster, refused?.Reason);
            Assert.Contains("you did not attach script", refused!.Text, StringComparison.Ordinal);
        }

        rig.Accept(new RobotRequest.RemoteCommand("script", rig.Epoch, Rig.Go((Pan, 10)), mine));
    }

    [Fact]
    public void A_takeover_is_told_and_the_old_epoch_is_dead()
    {
        var old = rig.Attach("script");
        rig.Effects.Clear();

        var epoch = rig.Attach("other", takeover: true);

        Assert.True(epoch > old);
        Assert.Equal(
            [
                new Effect.Persist(rig.Core.Document),
                new RobotEvent(RobotEventKind.MasterReplaced, "script", "other"),
                new Effect.StartStream(Follower, epoch),
                new RobotEvent(RobotEventKind.MasterLive, "other"),
            ],
            rig.Effects);
        var refused = rig.Apply(new RobotRequest.RemoteCommand("script", old, Rig.Go((Pan, 10)))).Refused;
        Assert.Equal(RefusalReason.NotMaster, refused?.Reason);
        Assert.Contains("other is", refused!.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("other", 0, "script is")]
    [InlineData("script", 1, "another epoch")]
    [InlineData("script", -1, "another epoch")]
    public void A_command_or_sign_of_life_of_another_name_or_epoch_is_refused(string name, int off, string why)
    {
        var epoch = (uint)(rig.Attach("script") + off);

        foreach (var request in new RobotRequest[]
        {
            new RobotRequest.RenewLease(name, epoch), new RobotRequest.RemoteCommand(name, epoch, Rig.Go((Pan, 10))),
        })
        {
            var refused = rig.Apply(request).Refused;
            Assert.Equal(RefusalReason.NotMaster, refused?.Reason);
            Assert.Contains(why, refused!.Text, StringComparison.Ordinal);
        }

        rig.Drive(0.1);
        Assert.Empty(rig.Commands);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_lease_lives_two_seconds_after_the_last_command_or_sign_of_life(bool commands)
    {
        var epoch = rig.Attach("script");
        for (var time = 0; time < 4; time++)
        {
            rig.Advance(1.9);
            rig.Accept(commands
                ? new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, time)))
                : new RobotRequest.RenewLease("script", epoch));
        }

        rig.Effects.Clear();
        rig.Advance(2.01);
        rig.Tick();

        Assert.Null(rig.Snapshot.Master);
        Assert.Null(rig.Durable.Master);
        Assert.Equal(
            [
                new Effect.StopStream(Follower, epoch),
                new RobotEvent(RobotEventKind.MasterLost, "script"),
                new Effect.Persist(rig.Core.Document),
            ],
            rig.Effects.Where(effect => effect is not RobotEvent { Kind: RobotEventKind.SlaveFailed }));
        Assert.Equal(RefusalReason.NotMaster, rig.Apply(new RobotRequest.RenewLease("script", epoch)).Refused?.Reason);
    }

    [Fact]
    public void A_lease_that_ran_out_unseen_is_over_for_whoever_asks_next()
    {
        var epoch = rig.Attach("script");
        rig.Advance(2.01);

        var refused = rig.Apply(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 10))));

        Assert.Equal(RefusalReason.NotMaster, refused.Refused?.Reason);
        Assert.Contains(new RobotEvent(RobotEventKind.MasterLost, "script"), refused.Effects);
        Assert.True(rig.Attach("other") > epoch);
    }

    [Fact]
    public void Only_the_holder_gives_the_lease_back()
    {
        rig.Attach("script");
        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.DetachRemote("other")));
        Assert.Equal("script", rig.Snapshot.Master?.Name);

        rig.Accept(new RobotRequest.DetachRemote("script"));

        Assert.Null(rig.Snapshot.Master);
        Assert.Contains(new RobotEvent(RobotEventKind.MasterUnbound, "script"), rig.Effects);
        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.DetachRemote("script")));
    }

    [Fact]
    public void An_operator_unbinds_a_program()
    {
        rig.Attach("script");
        rig.Accept(new RobotRequest.UnbindMaster());

        Assert.Null(rig.Snapshot.Master);
        Assert.Null(rig.Durable.Master);
    }

    [Fact]
    public void A_program_does_not_survive_a_restart_and_its_epoch_is_never_given_again()
    {
        var epoch = rig.Attach("script");
        Assert.Equal("script", rig.Durable.Master?.Name);

        rig.Restart();

        Assert.Null(rig.Snapshot.Master);
        Assert.Equal(RefusalReason.NotMaster, rig.Apply(new RobotRequest.RenewLease("script", epoch)).Refused?.Reason);
        Assert.True(rig.Attach("script") > epoch);
    }

    [Fact]
    public void A_lease_that_could_not_be_stored_was_never_given()
    {
        rig.DiskFails = true;
        rig.Apply(new RobotRequest.AttachRemote("script", false));

        Assert.Null(rig.Snapshot.Master);
        Assert.DoesNotContain(rig.Effects, effect => effect is RobotEvent or Effect.StartStream);
        rig.DiskFails = false;
        var tried = rig.Epoch;
        Assert.True(rig.Attach("script") > tried);
    }

    [Fact]
    public void A_takeover_that_could_not_be_stored_costs_the_old_master_its_lease_and_tells_it()
    {
        rig.Attach("script");
        rig.Effects.Clear();
        rig.DiskFails = true;

        rig.Apply(new RobotRequest.AttachRemote("other", true));

        Assert.Null(rig.Snapshot.Master);
        Assert.Equal([new RobotEvent(RobotEventKind.MasterLost, "script")], rig.Effects.OfType<RobotEvent>());
    }

    [Fact]
    public void A_lease_ends_with_any_write_that_fails_and_is_told_so_once()
    {
        rig.Attach("script");
        rig.Effects.Clear();
        rig.DiskFails = true;

        rig.Apply(new RobotRequest.BindSlave("follower-2", false));
        rig.Apply(new RobotRequest.BindSlave("follower-2", false));

        Assert.Null(rig.Snapshot.Master);
        Assert.Equal([new RobotEvent(RobotEventKind.MasterLost, "script")], rig.Effects.OfType<RobotEvent>());
    }

    [Fact]
    public void An_end_that_cannot_be_stored_is_an_end_all_the_same()
    {
        var epoch = rig.Attach("script");
        rig.DiskFails = true;
        rig.Accept(new RobotRequest.DetachRemote("script"));

        Assert.Null(rig.Snapshot.Master);
        Assert.Equal(RefusalReason.NotMaster, rig.Apply(new RobotRequest.RenewLease("script", epoch)).Refused?.Reason);
        rig.Restart();
        Assert.Null(rig.Snapshot.Master);
    }

    [Fact]
    public void Frames_of_a_device_that_a_program_took_over_are_heard_no_more()
    {
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.Master(Leader, 0);
        rig.Attach("script", takeover: true);

        Assert.Equal(FrameResult.NotBound, rig.Master(Leader, 50));
        Assert.Null(rig.Durable.Master is { Kind: MasterKind.Device } left ? left.Name : null);
    }

    [Fact]
    public void A_device_takes_over_from_a_program_and_lives_with_its_first_frame()
    {
        var old = rig.Attach("script");
        rig.Accept(new RobotRequest.RemoteCommand("script", old, Rig.Go((Pan, 30))));
        rig.Drive(0.1);

        rig.Accept(new RobotRequest.BindMaster(Leader, true));
        rig.Commands.Clear();
        rig.Drive(0.1);
        Assert.Empty(rig.Commands);

        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 0));
        Assert.All(rig.Commands, command => Assert.True(command.Stamp.Epoch > old));
        Assert.NotEmpty(rig.Commands);
    }

    [Fact]
    public void A_slave_bound_under_a_program_raises_the_epoch_and_the_program_keeps_its_own()
    {
        var own = rig.Attach("script");
        rig.Accept(new RobotRequest.BindSlave("follower-2", false));
        Assert.True(rig.Epoch > own);

        rig.Accept(new RobotRequest.RemoteCommand("script", own, Rig.Go((Pan, 10))));
        rig.Drive(0.1);

        Assert.Equal(own, rig.Snapshot.Master!.Epoch);
        Assert.All(rig.Commands, command => Assert.Equal(rig.Epoch, command.Stamp.Epoch));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a\nb")]
    public void A_name_is_printable(string name)
    {
        Assert.Equal(RefusalReason.Invalid, rig.Apply(new RobotRequest.AttachRemote(name, false)).Refused?.Reason);
        Assert.Equal(RefusalReason.Invalid, rig.Apply(new RobotRequest.JoinSlave(name)).Refused?.Reason);
    }

    [Fact]
    public void A_slave_or_master_of_that_name_is_in_the_way()
    {
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding("viewer", SlaveKind.WebSocket), false));
        foreach (var name in new[] { Follower, "viewer" })
            Assert.Equal(RefusalReason.NameTaken, rig.Apply(new RobotRequest.AttachRemote(name, false)).Refused?.Reason);
        Assert.Equal(RefusalReason.NameTaken, rig.Apply(new RobotRequest.BindMaster("viewer", false)).Refused?.Reason);

        rig.Attach("script");
        Assert.Equal(RefusalReason.NameTaken, rig.Apply(new RobotRequest.JoinSlave("script")).Refused?.Reason);
        foreach (var kind in new[] { SlaveKind.Device, SlaveKind.WebSocket })
            Assert.Equal(RefusalReason.NameTaken, rig.Apply(new RobotRequest.BindSlave(new SlaveBinding("script", kind), true)).Refused?.Reason);
    }
}
