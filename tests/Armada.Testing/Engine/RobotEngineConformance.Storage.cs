using Armada.Core.Robots;
using Xunit;

namespace Armada.Testing.Engine;

public abstract partial class RobotEngineConformance
{
    public static TheoryData<string> Writing() => ["bind-master", "bind-slave", "unbind-slave", "attach", "play", "manual", "configure"];

    [Theory]
    [MemberData(nameof(Writing))]
    public async Task What_could_not_be_stored_was_not_done_and_can_be_asked_again(string what)
    {
        await MakeAsync(Arm);
        await AcceptAsync(Arm, new RobotRequest.BindSlave(new SlaveBinding("viewer", SlaveKind.WebSocket), false));
        var watcher = await ConnectAsync("watcher", joins: true);
        var before = await LookAsync();
        var request = WritingRequest(what);

        using (Rig.BreakStorage(Arm))
            await RefuseAsync(RefusalReason.NotStored, Arm, request);

        var after = await LookAsync();
        Assert.Equal(before.Document with { Slaves = [], Epoch = 0 }, after.Document with { Slaves = [], Epoch = 0 });
        Assert.Equal(before.Document.Slaves.AsEnumerable(), after.Document.Slaves.AsEnumerable());
        Assert.Null(after.Master);
        Assert.False(after.Manual);
        Assert.Empty(watcher.Commands);
        Assert.Equal("watcher", Assert.Single(after.UnboundSlaves).Binding.Name);
        Assert.True((await AcceptAsync(Arm, request)).Document.Version > before.Document.Version);
    }

    [Fact]
    public async Task A_device_whose_takeover_could_not_be_stored_serves_nobody_and_the_refusal_says_so()
    {
        await MakeAsync(Arm);
        await MakeAsync("other");
        await AcceptAsync("other", new RobotRequest.BindSlave(Follower, false));
        var takeover = new RobotRequest.BindSlave(Follower, true);

        using (Rig.BreakStorage(Arm))
            Assert.Contains($"{Follower} has left other", await RefuseAsync(RefusalReason.NotStored, Arm, takeover), StringComparison.Ordinal);

        Assert.Empty((await LookAsync()).Slaves);
        await AcceptAsync("other", new RobotRequest.BindSlave(Follower, false));
    }

    [Fact]
    public async Task A_lease_whose_takeover_could_not_be_stored_has_ended_and_its_holder_is_told()
    {
        await MakeAsync(Arm);
        var watcher = await ConnectAsync("watcher");
        var epoch = await AttachAsync("first");

        using (Rig.BreakStorage(Arm))
            await RefuseAsync(RefusalReason.NotStored, Arm, new RobotRequest.AttachRemote("second", true));

        await RefuseAsync(RefusalReason.NotMaster, Arm, new RobotRequest.RenewLease("first", epoch));
        Assert.Equal([(RobotEventKind.MasterLive, "first"), (RobotEventKind.MasterLost, "first")], watcher.Notes.Select(note => (note.Kind, note.Subject)));
        Assert.True(await AttachAsync("first") > epoch);
    }

    [Fact]
    public async Task A_stop_that_cannot_be_stored_is_in_force_and_stored_later()
    {
        await MakeAsync(Arm);
        await AcceptAsync(Arm, new RobotRequest.BindSlave(Follower, false));
        using (Rig.BreakStorage(Arm))
        {
            Assert.Contains("in force", await RefuseAsync(RefusalReason.NotStored, Arm, new RobotRequest.Stop()), StringComparison.Ordinal);
            Assert.True((await LookAsync()).Stopped);
            Assert.Equal(1, Devices.Count(Follower, OrderKind.Stop));
        }

        await Rig.PassAsync(TimeSpan.FromSeconds(1.5));
        await Rig.RestartAsync();

        Assert.True((await LookAsync()).Document.Stopped);
    }

    [Fact]
    public async Task A_robot_that_could_not_be_stored_was_not_made()
    {
        using (Rig.BreakStorage(Arm))
            Assert.Equal(RefusalReason.NotStored, (await Here.CreateAsync(Arm, RobotModels.So101, null, default)).Refused?.Reason);

        Assert.Null(await There.GetAsync(Arm, default));
        await MakeAsync(Arm);
    }

    [Fact]
    public async Task An_epoch_never_goes_back_over_failed_writes_and_restarts()
    {
        await MakeAsync(Arm);
        var last = 0u;
        for (var round = 0; round < 3; round++)
        {
            var guest = await ConnectAsync("guest", joins: true);
            var epoch = await AttachAsync(Script);
            Assert.True(epoch > last, $"epoch {epoch} came after {last}");
            await AcceptAsync(Arm, new RobotRequest.RemoteCommand(Script, epoch, Go(round)));
            await Rig.PassAsync(TimeSpan.FromSeconds(0.05));
            Assert.All(guest.Commands, command => Assert.Equal(epoch, command.Stamp.Epoch));
            using (Rig.BreakStorage(Arm))
                await RefuseAsync(RefusalReason.NotStored, Arm, new RobotRequest.AttachRemote("second", true));
            last = await AttachAsync("third", takeover: true);
            Assert.True(last > epoch);
            await Rig.RestartAsync();
        }
    }

    [Fact]
    public async Task A_stored_robot_that_the_rules_refuse_is_set_aside_and_disturbs_nobody()
    {
        await MakeAsync(Arm, Other);
        var document = (await LookAsync()).Document;
        var joints = document.Model.Joints;
        await Rig.StoreAsync(document with
        {
            Model = document.Model with { Joints = joints.SetItem(0, joints[0] with { Min = 90, Max = -90 }) },
        });

        await Rig.RestartAsync();

        Assert.Null(await There.GetAsync(Arm, default));
        Assert.Equal(Other, Assert.Single(await Here.ListAsync(default)).Document.Id);
        await AcceptAsync(Other, new RobotRequest.BindSlave(Follower, false));
        await MakeAsync(Arm);
    }

    private static RobotRequest WritingRequest(string what) => what switch
    {
        "bind-master" => new RobotRequest.BindMaster(Leader, false),
        "bind-slave" => new RobotRequest.BindSlave(Follower, false),
        "unbind-slave" => new RobotRequest.UnbindSlave("viewer"),
        "attach" => new RobotRequest.AttachRemote(Script, false),
        "play" => Play(Reached),
        "manual" => new RobotRequest.Manual(Go(Reached)),
        _ => Slower(1),
    };
}
