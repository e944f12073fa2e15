using Armada.Core.Robots;
using Armada.Grains.Robots;
using Armada.Testing;
using Armada.Testing.Engine;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Engine;

/// <summary>A turn that throws, which only a defect makes: the robot begins anew and nobody who is connected is lost.</summary>
public sealed class RobotFaultTests
{
    private const int RobotFault = 1152;
    private const double Goal = 40;

    [Fact]
    public async Task Those_who_are_connected_stay_so_over_a_fault_and_go_on_where_they_were()
    {
        var time = new HandTime(); // How far the first command after the fault moves follows from the time since the last one.
        await using var rig = await EngineRig.StartAsync(time);
        var guest = await JoinAsync(rig, "guest");
        await MoveAsync(rig, time, guest);

        await FailAsync(rig);

        var robot = (await rig.Engine.GetAsync(EngineRig.Robot, default))!;
        Assert.Equal((SlaveState.Live, "guest"), (Assert.Single(robot.UnboundSlaves).State, robot.UnboundSlaves[0].Binding.Name));
        Assert.True(guest.WasTold(RobotEventKind.MasterLost, "script"));
        Assert.Null(guest.Gone);
        var before = guest.Commands.Count;
        var again = await AttachAsync(rig);
        await rig.AskAsync(Command(again, -Goal));
        await Eventually.Holds("the guest is commanded again", () => Ticked(rig, time, () => guest.Commands.Count > before));
        Assert.InRange(guest.Commands.ElementAt(before).Positions[0], Goal - 5, Goal);
    }

    [Fact]
    public async Task A_fault_of_one_robot_is_none_of_another()
    {
        await using var rig = await EngineRig.StartAsync();
        await rig.Engine.CreateAsync("other", RobotModels.So101, null, default);
        var epoch = (await rig.Engine.ApplyAsync("other", new RobotRequest.AttachRemote("script", false), default)).Robot!.Master!.Epoch;

        await FailAsync(rig);

        Assert.Null((await rig.Engine.ApplyAsync("other", new RobotRequest.RenewLease("script", epoch), default)).Refused);
    }

    [Fact]
    public async Task A_leader_attaches_anew_after_a_fault_and_those_connected_are_told()
    {
        await using var rig = await EngineRig.StartAsync();
        var watcher = await JoinAsync(rig, "watcher");
        var epoch = rig.Epoch;

        await FailAsync(rig);
        var commands = rig.Link.Samples;
        rig.SendLeader();
        await Eventually.Holds("the leader is given a new epoch", () =>
        {
            rig.SendLeader();
            rig.LearnEpochAsync().GetAwaiter().GetResult();
            return rig.Epoch > epoch;
        });

        await Eventually.Holds("the leader commands again", () =>
        {
            rig.SendFollower();
            rig.SendLeader();
            return rig.Link.Samples > commands;
        });
        Assert.True(watcher.WasTold(RobotEventKind.MasterLost, "leader"));
        await Eventually.Holds("the watcher is told that it lives again", () => watcher.Notes.Last().Kind == RobotEventKind.MasterLive);
    }

    private static async Task<ScriptedSession> JoinAsync(EngineRig rig, string name)
    {
        var party = new ScriptedSession(name);
        await rig.Engine.ConnectAsync(EngineRig.Robot, party, default);
        Assert.Null(await rig.AskAsync(new RobotRequest.JoinSlave(name)));
        return party;
    }

    private static async Task MoveAsync(EngineRig rig, HandTime time, ScriptedSession guest)
    {
        var epoch = await AttachAsync(rig);
        await rig.AskAsync(Command(epoch, Goal));
        await Eventually.Holds("the guest is at the goal", () => Ticked(rig, time, () => guest.Commands.Count > 0 && Math.Abs(guest.Commands.Last().Positions[0] - Goal) < 1e-6));
    }

    private static async Task<uint> AttachAsync(EngineRig rig) =>
        (await rig.Engine.ApplyAsync(EngineRig.Robot, new RobotRequest.AttachRemote("script", true), default)).Robot!.Master!.Epoch;

    private static RobotRequest.RemoteCommand Command(uint epoch, double goal) => new("script", epoch, new JointCommand([new JointGoal("shoulder_pan", goal)]));

    private static bool Ticked(EngineRig rig, HandTime time, Func<bool> condition)
    {
        time.Advance(TimeSpan.FromMilliseconds(10));
        foreach (var robot in rig.Robots)
            robot.Tick();
        return condition();
    }

    private static async Task FailAsync(EngineRig rig)
    {
        rig.Logs.Expect(RobotFault);
        var robot = rig.Robots.Single(robot => robot.Id == EngineRig.Robot);
        var fault = robot.AskAsync(new WorkItem((_, _) => throw new InvalidOperationException("on purpose")), ahead: false, default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => fault);
        robot.Tick();
    }
}
