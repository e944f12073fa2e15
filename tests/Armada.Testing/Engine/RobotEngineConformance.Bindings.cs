using Armada.Core.Robots;
using Xunit;

namespace Armada.Testing.Engine;

public abstract partial class RobotEngineConformance
{
    private const int Racers = 20;

    [Fact]
    public async Task A_device_serves_one_robot_in_one_role()
    {
        await MakeAsync(Arm, Other);
        await AcceptAsync(Arm, new RobotRequest.BindMaster(Leader, false));
        await AcceptAsync(Arm, new RobotRequest.BindSlave(Follower, false));

        var master = await RefuseAsync(RefusalReason.DeviceBusy, Other, new RobotRequest.BindMaster(Leader, false));
        var slave = await RefuseAsync(RefusalReason.DeviceBusy, Other, new RobotRequest.BindSlave(Follower, false));
        var role = await RefuseAsync(RefusalReason.DeviceBusy, Arm, new RobotRequest.BindSlave(Leader, false));

        Assert.Contains($"master of {Arm}", master, StringComparison.Ordinal);
        Assert.Contains($"slave of {Arm}", slave, StringComparison.Ordinal);
        Assert.Contains($"master of {Arm}", role, StringComparison.Ordinal);
        await AcceptAsync(Arm, new RobotRequest.BindMaster(Leader, false), There); // What is so already is no takeover.
        await AcceptAsync(Arm, new RobotRequest.UnbindMaster(), There);
        await AcceptAsync(Other, new RobotRequest.BindMaster(Leader, false));
    }

    [Fact]
    public async Task A_device_that_is_taken_over_leaves_its_old_robot_and_serves_the_new_one_alone()
    {
        await MakeAsync(Arm, Other);
        await RouteAsync();
        var watcher = await ConnectAsync("watcher");

        await AcceptAsync(Other, new RobotRequest.BindMaster(Leader, true), There);
        await AcceptAsync(Other, new RobotRequest.BindSlave(Follower, true), There);

        var old = (await LookAsync()).Document;
        Assert.Null(old.Master);
        Assert.Empty(old.Slaves);
        await Eventually.Holds("those connected to the old robot are told", () => watcher.WasTold(RobotEventKind.MasterUnbound, Leader));
        var before = Devices.CommandsOf(Follower);
        await StreamUntilAsync("the new robot commands the follower", () => Devices.CommandsOf(Follower) > before, (Follower, 0), (Leader, 0));
        Assert.Equal((await LookAsync(Other)).Document.Epoch, Devices.Commands.Last().Stamp.Epoch);
    }

    [Fact]
    public async Task A_takeover_that_is_refused_takes_nothing()
    {
        await MakeAsync(Arm);
        Assert.Null((await Here.CreateAsync(Other, RobotModels.So101 with { Joints = RobotModels.So101.Joints[..5] }, null, default)).Refused);
        await AcceptAsync(Arm, new RobotRequest.BindSlave(new SlaveBinding(Follower, SlaveKind.MicroPython), false));
        await AcceptAsync(Other, new RobotRequest.BindSlave(new SlaveBinding("viewer", SlaveKind.WebSocket), false));

        await RefuseAsync(RefusalReason.Invalid, Other, new RobotRequest.BindSlave(new SlaveBinding(Follower, SlaveKind.MicroPython), true));

        Assert.Equal(Follower, Assert.Single((await LookAsync()).Document.Slaves).Name);
        await RefuseAsync(RefusalReason.DeviceBusy, Other, new RobotRequest.BindSlave(Follower, false));
    }

    [Fact]
    public async Task Of_many_robots_that_race_for_a_device_one_gets_it_and_the_others_are_told_which()
    {
        var robots = Enumerable.Range(0, Racers).Select(number => $"robot-{number}").ToArray();
        await MakeAsync(robots);

        var replies = await Task.WhenAll(robots.Select((robot, index) => Task.Run(async () =>
            (Robot: robot, (await Rig.Doors[index % Rig.Doors.Count].ApplyAsync(robot, new RobotRequest.BindSlave(Follower, false), default)).Refused))));

        var winner = Assert.Single(replies, reply => reply.Refused is null).Robot;
        foreach (var (_, refused) in replies.Where(reply => reply.Refused is not null))
            Assert.Equal((RefusalReason.DeviceBusy, true), (refused!.Reason, refused.Text.Contains($"slave of {winner};", StringComparison.Ordinal)));
        Assert.Equal([winner], (await There.ListAsync(default)).Where(robot => robot.Document.Slaves.Length > 0).Select(robot => robot.Document.Id));
    }

    [Fact]
    public async Task Of_many_robots_that_take_a_device_from_each_other_one_has_it_in_the_end()
    {
        var robots = Enumerable.Range(0, Racers).Select(number => $"robot-{number}").ToArray();
        await MakeAsync(robots);

        var replies = await Task.WhenAll(robots.Select((robot, index) => Task.Run(async () =>
            await Rig.Doors[index % Rig.Doors.Count].ApplyAsync(robot, new RobotRequest.BindMaster(Leader, true), default))));

        Assert.All(replies, reply => Assert.Null(reply.Refused));
        Assert.Single(await There.ListAsync(default), robot => robot.Document.Master is not null);
    }
}
