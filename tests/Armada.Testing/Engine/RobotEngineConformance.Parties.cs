using Armada.Core.Robots;
using Xunit;

namespace Armada.Testing.Engine;

public abstract partial class RobotEngineConformance
{
    [Fact]
    public async Task A_name_is_one_partys_at_a_time()
    {
        await MakeAsync(Arm, Other);
        var first = await ConnectAsync("guest");
        var second = new ScriptedSession("guest");

        Assert.Equal(RefusalReason.NameTaken, (await Here.ConnectAsync(Arm, second, default)).Refused?.Reason);
        await Here.DisconnectAsync(Arm, second, "it was never in");
        Assert.Equal(RefusalReason.NameTaken, (await Here.ConnectAsync(Arm, second, default)).Refused?.Reason);
        Assert.Null((await Here.ConnectAsync(Other, second, default)).Refused);
        await There.DisconnectAsync(Arm, first, "it goes");

        Assert.Null((await Here.ConnectAsync(Arm, new ScriptedSession("guest"), default)).Refused);
    }

    [Fact]
    public async Task A_guest_executes_until_it_leaves_and_the_others_are_told()
    {
        await MakeAsync(Arm);
        var guest = await ConnectAsync("guest", joins: true);
        var watcher = await ConnectAsync("watcher");
        var epoch = await AttachAsync(Script);
        await AcceptAsync(Arm, new RobotRequest.RemoteCommand(Script, epoch, Go(Reached)));
        await Rig.PassAsync(TimeSpan.FromSeconds(1.5));

        Assert.Equal("guest", Assert.Single((await LookAsync()).UnboundSlaves).Binding.Name);
        Assert.Equal(Reached, guest.Commands.Last().Positions[0], 1e-6);
        Assert.All(guest.Commands, command => Assert.Equal(epoch, command.Stamp.Epoch));
        Assert.Equal(guest.Commands.Select(command => command.Stamp.Sequence).Order(), guest.Commands.Select(command => command.Stamp.Sequence));

        await There.DisconnectAsync(Arm, guest, "closed");
        var commands = guest.Commands.Count;
        await AcceptAsync(Arm, new RobotRequest.RemoteCommand(Script, epoch, Go(0)));
        await Rig.PassAsync(TimeSpan.FromSeconds(0.1));
        Assert.Empty((await LookAsync()).UnboundSlaves);
        Assert.Equal(commands, guest.Commands.Count);
        Assert.True(watcher.WasTold(RobotEventKind.SlaveLeft, "guest"));
        Assert.Null(guest.Gone);
    }

    [Fact]
    public async Task A_program_that_leaves_gives_its_lease_back()
    {
        await MakeAsync(Arm);
        var watcher = await ConnectAsync("watcher");
        var program = await ConnectAsync(Script);
        var epoch = await AttachAsync(Script);

        await There.DisconnectAsync(Arm, program, "closed");

        Assert.Null((await LookAsync()).Master);
        Assert.True(watcher.WasTold(RobotEventKind.MasterUnbound, Script));
        await RefuseAsync(RefusalReason.NotMaster, Arm, new RobotRequest.RenewLease(Script, epoch));
    }

    [Fact]
    public async Task Those_of_a_deleted_robot_are_told_that_it_is_gone()
    {
        await MakeAsync(Arm, Other);
        var guest = await ConnectAsync("guest", joins: true);
        var elsewhere = await ConnectAsync("guest", joins: true, Other);

        await Here.DeleteAsync(Arm, default);

        await Eventually.Holds("the guest is told", () => guest.Gone is not null);
        Assert.Null(elsewhere.Gone);
        await MakeAsync(Arm);
        Assert.Null((await There.ConnectAsync(Arm, new ScriptedSession("guest"), default)).Refused);
    }

    [Fact]
    public async Task A_slave_that_is_unbound_while_connected_is_sent_away()
    {
        await MakeAsync(Arm);
        await AcceptAsync(Arm, new RobotRequest.BindSlave(new SlaveBinding("viewer", SlaveKind.WebSocket), false));
        var viewer = await ConnectAsync("viewer", joins: true);
        Assert.Equal(SlaveState.Live, Assert.Single((await LookAsync()).Slaves).State);

        await AcceptAsync(Arm, new RobotRequest.UnbindSlave("viewer"));

        await Eventually.Holds("the viewer is sent away", () => viewer.Gone is not null);
        Assert.Null((await There.ConnectAsync(Arm, new ScriptedSession("viewer"), default)).Refused);
    }

    [Fact]
    public async Task A_party_is_told_everything_in_order_and_before_the_answer()
    {
        await MakeAsync(Arm);
        var watcher = await ConnectAsync("watcher");
        for (var times = 1; times <= 20; times++)
        {
            await AttachAsync(Script);
            Assert.Equal(times, watcher.Count(RobotEventKind.MasterLive));
            await AcceptAsync(Arm, new RobotRequest.DetachRemote(Script), There);
            Assert.Equal(times, watcher.Count(RobotEventKind.MasterUnbound));
        }

        var events = watcher.Notes.Select(note => note.Kind).ToArray();
        Assert.All(events.Chunk(2), pair => Assert.Equal([RobotEventKind.MasterLive, RobotEventKind.MasterUnbound], pair));
    }

    [Fact]
    public async Task A_slave_says_where_it_is_and_whether_it_keeps_up()
    {
        await MakeAsync(Arm);
        await ConnectAsync("guest", joins: true);

        await AcceptAsync(Arm, new RobotRequest.SlaveReport("guest", [new JointReading(Pan, 12)]), There);
        var lagging = await AcceptAsync(Arm, new RobotRequest.SlavePace("guest", true), There);

        Assert.Equal((12.0, SlaveState.Lagging), (lagging.Joints[0].Real, Assert.Single(lagging.UnboundSlaves).State));
        await RefuseAsync(RefusalReason.UnknownSlave, Arm, new RobotRequest.SlavePace("stranger", true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_party_that_throws_is_sent_away_and_the_robot_goes_on(bool atNotes)
    {
        Rig.ExpectPartyFault();
        await MakeAsync(Arm);
        var bad = await ConnectAsync("bad", joins: true);
        var good = await ConnectAsync("good", joins: true);
        var epoch = await AttachAsync(Script);
        (bad.ThrowsOnEvent, bad.ThrowsOnCommand) = (atNotes, !atNotes);
        await AcceptAsync(Arm, atNotes ? new RobotRequest.JoinSlave("third") : new RobotRequest.RemoteCommand(Script, epoch, Go(5)));

        await Eventually.Holds("the bad one is sent away", () => bad.Gone is not null);
        await AcceptAsync(Arm, new RobotRequest.RemoteCommand(Script, epoch, Go(Reached)));
        await Rig.PassAsync(TimeSpan.FromSeconds(1.5));

        Assert.Equal(Reached, good.Commands.Last().Positions[0], 1e-6);
        Assert.DoesNotContain((await LookAsync()).UnboundSlaves, guest => guest.Binding.Name == "bad");
        Assert.Equal(epoch, (await LookAsync()).Master?.Epoch);
        Assert.True(bad.Commands.Count <= 1 || atNotes, "it was told more after it had thrown");
        Assert.Null((await Here.ConnectAsync(Arm, new ScriptedSession("bad"), default)).Refused);
    }

    [Fact]
    public async Task A_program_that_throws_loses_its_lease()
    {
        Rig.ExpectPartyFault();
        await MakeAsync(Arm);
        var watcher = await ConnectAsync("watcher");
        var bad = await ConnectAsync(Script);
        await AttachAsync(Script);
        bad.ThrowsOnEvent = true;

        await AcceptAsync(Arm, new RobotRequest.Stop());

        await Eventually.Holds("its lease ends", () => watcher.WasTold(RobotEventKind.MasterUnbound, Script));
        Assert.True((await LookAsync()) is { Master: null, Stopped: true });
    }
}
