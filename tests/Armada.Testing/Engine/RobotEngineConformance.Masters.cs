using Armada.Core.Robots;
using Xunit;

namespace Armada.Testing.Engine;

public abstract partial class RobotEngineConformance
{
    private const double Reached = 40;

    [Theory]
    [InlineData(MasterKind.Device, MasterKind.Device)]
    [InlineData(MasterKind.Device, MasterKind.Remote)]
    [InlineData(MasterKind.Device, MasterKind.Sequence)]
    [InlineData(MasterKind.Remote, MasterKind.Device)]
    [InlineData(MasterKind.Remote, MasterKind.Remote)]
    [InlineData(MasterKind.Remote, MasterKind.Sequence)]
    [InlineData(MasterKind.Sequence, MasterKind.Device)]
    [InlineData(MasterKind.Sequence, MasterKind.Remote)]
    [InlineData(MasterKind.Sequence, MasterKind.Sequence)]
    public async Task A_master_gives_way_to_a_takeover_alone_under_a_higher_epoch(MasterKind first, MasterKind second)
    {
        await MakeAsync(Arm);
        var watcher = await ConnectAsync("watcher");
        var held = await AcceptAsync(Arm, Mastering(first, "first", false));

        var text = await RefuseAsync(RefusalReason.MasterHeld, Arm, Mastering(second, "second", false));
        Assert.StartsWith("first is master", text, StringComparison.Ordinal);
        Assert.Equal("first", (await LookAsync()).Master!.Name);
        var taken = await AcceptAsync(Arm, Mastering(second, "second", true), There);

        Assert.Equal(("second", second), (taken.Master!.Name, taken.Master.Kind));
        Assert.True(taken.Document.Epoch > held.Document.Epoch, "the takeover raised no epoch");
        Assert.True(watcher.WasTold(RobotEventKind.MasterReplaced, "first", "second"), "the watcher was not told of the takeover");
    }

    [Fact]
    public async Task A_command_is_taken_from_the_holder_of_the_lease_alone()
    {
        await MakeAsync(Arm);
        var first = await AttachAsync("first");
        var second = await AttachAsync("second", takeover: true);

        var text = await RefuseAsync(RefusalReason.NotMaster, Arm, new RobotRequest.RemoteCommand("first", first, Go(10)));
        Assert.Contains("second is", text, StringComparison.Ordinal);
        await RefuseAsync(RefusalReason.NotMaster, Arm, new RobotRequest.RemoteCommand("second", first, Go(10)));
        await RefuseAsync(RefusalReason.NotMaster, Arm, new RobotRequest.RenewLease("first", second));
        await AcceptAsync(Arm, new RobotRequest.DetachRemote("first"));

        var robot = await AcceptAsync(Arm, new RobotRequest.RemoteCommand("second", second, Go(10)));
        Assert.Equal(10, robot.Joints[0].Commanded);
        await AcceptAsync(Arm, new RobotRequest.DetachRemote("second"), There);
        Assert.Contains("nobody is", await RefuseAsync(RefusalReason.NotMaster, Arm, new RobotRequest.RenewLease("second", second)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_falls_silent_loses_its_lease_and_one_that_does_not_keeps_it()
    {
        await MakeAsync(Arm);
        var watcher = await ConnectAsync("watcher");
        var epoch = await AttachAsync(Script);
        for (var beat = 0; beat < 6; beat++)
        {
            await Rig.PassAsync(TimeSpan.FromSeconds(0.5));
            await AcceptAsync(Arm, new RobotRequest.RenewLease(Script, epoch), There);
        }

        Assert.Equal(MasterState.Live, (await LookAsync()).Master!.State);
        await Rig.PassAsync(TimeSpan.FromSeconds(2.2));

        Assert.Null((await LookAsync()).Master);
        await Eventually.Holds("the watcher is told of the loss", () => watcher.WasTold(RobotEventKind.MasterLost, Script));
        await RefuseAsync(RefusalReason.NotMaster, Arm, new RobotRequest.RenewLease(Script, epoch));
    }

    [Fact]
    public async Task A_leader_that_falls_silent_stays_bound_and_comes_back_under_a_higher_epoch()
    {
        await MakeAsync(Arm);
        await RouteAsync();
        var epoch = Devices.EpochOf(Leader);
        await Rig.PassAsync(TimeSpan.FromSeconds(2.2));
        Assert.Equal(MasterState.Lost, (await LookAsync()).Master!.State);

        var before = Devices.CommandsOf(Follower);
        await StreamUntilAsync("the leader commands again", () => Devices.CommandsOf(Follower) > before, (Follower, 0), (Leader, 0));

        Assert.True(Devices.Commands.Last().Stamp.Epoch > epoch);
    }

    [Fact]
    public async Task A_sequence_is_played_to_its_end_and_leaves()
    {
        await MakeAsync(Arm);
        var guest = await ConnectAsync("guest", joins: true);

        await AcceptAsync(Arm, Play(Reached));
        await RefuseAsync(RefusalReason.PanelLocked, Arm, new RobotRequest.Manual(Go(0)));
        await Rig.PassAsync(TimeSpan.FromSeconds(3));

        await Eventually.Holds("the guest is told of the end", () => guest.WasTold(RobotEventKind.MotionEnded, "wave"));
        Assert.Equal(Reached, guest.Commands.Last().Positions[0], 1e-6);
        Assert.Null((await LookAsync()).Master);
        await RefuseAsync(RefusalReason.NothingPlays, Arm, new RobotRequest.ControlPlayback(true, null));
    }

    [Fact]
    public async Task A_sequence_is_steered()
    {
        await MakeAsync(Arm);
        await AcceptAsync(Arm, Play(Reached, milliseconds: 5000));

        await AcceptAsync(Arm, new RobotRequest.ControlPlayback(true, TimeSpan.FromSeconds(2)), There);
        await Rig.PassAsync(TimeSpan.FromSeconds(0.5));
        Assert.Equal((true, TimeSpan.FromSeconds(2)), (await LookAsync()).Master!.Playing is { } at ? (at.Paused, at.Position) : default);
        await RefuseAsync(RefusalReason.Invalid, Arm, new RobotRequest.ControlPlayback(null, TimeSpan.FromSeconds(6)));
        await AcceptAsync(Arm, new RobotRequest.ControlPlayback(false, null), There);
        await Rig.PassAsync(TimeSpan.FromSeconds(0.5));

        Assert.True((await LookAsync()).Master!.Playing!.Position > TimeSpan.FromSeconds(2.3));
    }

    [Fact]
    public async Task The_panel_commands_while_no_masters_lease_lives_and_yields_to_any()
    {
        await MakeAsync(Arm);
        var guest = await ConnectAsync("guest", joins: true);
        await AttachAsync(Script);
        Assert.StartsWith(Script, await RefuseAsync(RefusalReason.PanelLocked, Arm, new RobotRequest.Manual(Go(5))), StringComparison.Ordinal);
        await AcceptAsync(Arm, new RobotRequest.UnbindMaster());

        var manual = await AcceptAsync(Arm, new RobotRequest.Manual(Go(Reached)), There);
        await Rig.PassAsync(TimeSpan.FromSeconds(1.5));

        Assert.True(manual.Manual);
        Assert.Equal(Reached, guest.Commands.Last().Positions[0], 1e-6);
        Assert.True(guest.WasTold(RobotEventKind.ManualBegan, Arm));
        Assert.True(await AttachAsync(Script) > manual.Document.Epoch);
        Assert.True(guest.WasTold(RobotEventKind.ManualEnded, Arm));
        await RefuseAsync(RefusalReason.PanelLocked, Arm, new RobotRequest.Manual(Go(0)));
    }

    private static RobotRequest Mastering(MasterKind kind, string name, bool takeover) => kind switch
    {
        MasterKind.Device => new RobotRequest.BindMaster(name, takeover),
        MasterKind.Remote => new RobotRequest.AttachRemote(name, takeover),
        _ => Play(Reached, takeover, name),
    };
}
