using Armada.Core.Robots;
using Xunit;

namespace Armada.Testing.Engine;

public abstract partial class RobotEngineConformance
{
    [Fact]
    public async Task A_robot_made_again_with_the_same_joints_is_the_same_robot()
    {
        await MakeAsync(Arm);
        var room = new RoomName("lab", "one");
        Assert.Null((await Here.CreateAsync(Other, RobotModels.So100, room, default)).Refused);

        var again = await There.CreateAsync(Arm, RobotModels.So101, null, default);
        var slower = RobotModels.So101 with { Joints = [.. RobotModels.So101.Joints.Select(joint => joint with { MaxVelocity = 9 })] };
        var differs = await There.CreateAsync(Arm, slower, null, default);

        Assert.Null(again.Refused);
        Assert.Equal(1, again.Robot!.Document.Version);
        Assert.Equal(RefusalReason.RobotExists, differs.Refused?.Reason);
        Assert.Equal(room, (await LookAsync(Other)).Document.Room);
    }

    [Fact]
    public async Task Robots_are_listed_by_id_wherever_they_were_made()
    {
        await MakeAsync("b", "c");
        await There.CreateAsync("a", RobotModels.So101, null, default);

        Assert.Equal(["a", "b", "c"], (await There.ListAsync(default)).Select(robot => robot.Document.Id));
        await There.DeleteAsync("b", default);
        Assert.Equal(["a", "c"], (await Here.ListAsync(default)).Select(robot => robot.Document.Id));
    }

    [Fact]
    public async Task What_is_asked_of_no_robot_is_refused()
    {
        var party = new ScriptedSession("guest");

        await RefuseAsync(RefusalReason.UnknownRobot, Arm, new RobotRequest.Stop());
        await RefuseAsync(RefusalReason.UnknownRobot, Arm, new RobotRequest.BindMaster(Leader, true));
        Assert.Equal(RefusalReason.UnknownRobot, (await Here.DeleteAsync(Arm, default)).Refused?.Reason);
        Assert.Equal(RefusalReason.UnknownRobot, (await Here.ConnectAsync(Arm, party, default)).Refused?.Reason);
        Assert.Equal(RefusalReason.Invalid, (await Here.CreateAsync("no/robot", RobotModels.So101, null, default)).Refused?.Reason);
        await Here.DisconnectAsync(Arm, party, "gone");
        Assert.Null(await There.GetAsync(Arm, default));
        Assert.Null(party.Gone);
    }

    [Fact]
    public async Task A_deleted_robot_is_gone_and_its_devices_are_free()
    {
        await MakeAsync(Arm, Other);
        await RouteAsync();
        var epoch = (await LookAsync()).Document.Epoch;

        Assert.Null((await There.DeleteAsync(Arm, default)).Refused);

        Assert.Null(await Here.GetAsync(Arm, default));
        await RefuseAsync(RefusalReason.UnknownRobot, Arm, new RobotRequest.Reset());
        await Rig.PassAsync(TimeSpan.FromSeconds(6)); // One epoch a second is free.
        var before = Devices.CommandsOf(Follower);
        await RouteAsync(Other);
        Assert.True(Devices.CommandsOf(Follower) > before);
        Assert.All(Devices.Commands.Skip(before), command => Assert.True(command.Stamp.Epoch > epoch, "an old robot's epoch came back"));
    }

    [Fact]
    public async Task A_robot_made_anew_starts_above_every_epoch_of_the_old_one()
    {
        await MakeAsync(Arm);
        var last = await AttachAsync(Script);
        for (var times = 0; times < 5; times++)
            last = await AttachAsync($"script-{times}", takeover: true);
        await There.DeleteAsync(Arm, default);
        await Rig.PassAsync(TimeSpan.FromSeconds(6)); // One epoch a second is free.

        await MakeAsync(Arm);

        Assert.True(await AttachAsync(Script) > last);
    }

    [Fact]
    public async Task All_robots_are_there_after_a_restart_as_they_were()
    {
        await MakeAsync(Arm, Other);
        await RouteAsync();
        await AcceptAsync(Other, new RobotRequest.BindSlave(new SlaveBinding("viewer", SlaveKind.WebSocket, null, [new JointMapping(Pan, 5, "yaw")]), false));
        var before = (await Here.ListAsync(default)).Select(robot => robot.Document with { Slaves = [] });
        var slaves = (await Here.ListAsync(default)).SelectMany(robot => robot.Document.Slaves);

        await Rig.RestartAsync();

        var after = await There.ListAsync(default);
        Assert.Equal(before, after.Select(robot => robot.Document with { Slaves = [] }));
        Assert.Equal(slaves, after.SelectMany(robot => robot.Document.Slaves));
        await RefuseAsync(RefusalReason.DeviceBusy, Other, new RobotRequest.BindSlave(Follower, false));
        var commands = Devices.CommandsOf(Follower);
        await StreamUntilAsync("the follower is commanded again", () => Devices.CommandsOf(Follower) > commands, (Follower, 0), (Leader, 0));
        Assert.True(Devices.Commands.Last().Stamp.Epoch > before.First().Epoch);
    }
}
