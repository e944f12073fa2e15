using Armada.Core.Robots;
using Xunit;

namespace Armada.Testing.Engine;

public abstract partial class RobotEngineConformance
{
    private const int Queued = 200;
    private const int Rounds = 20;

    [Fact]
    public async Task After_a_stop_nothing_is_commanded_and_after_the_reset_nothing_goes_on_by_itself()
    {
        await MakeAsync(Arm);
        await AcceptAsync(Arm, new RobotRequest.BindSlave(Follower, false));
        var guest = await ConnectAsync("guest", joins: true);
        var epoch = await AttachAsync(Script);
        await AcceptAsync(Arm, new RobotRequest.RemoteCommand(Script, epoch, Go(Reached)));

        await AcceptAsync(Arm, new RobotRequest.Stop(), There);
        var commands = guest.Commands.Count;
        Assert.Equal(1, Devices.Count(Follower, OrderKind.Stop));
        Assert.Contains($"{Arm} is stopped", await RefuseAsync(RefusalReason.Stopped, Arm, new RobotRequest.RemoteCommand(Script, epoch, Go(0))), StringComparison.Ordinal);
        await Rig.PassAsync(TimeSpan.FromSeconds(0.5));
        await AcceptAsync(Arm, new RobotRequest.Reset(), There);
        await Rig.PassAsync(TimeSpan.FromSeconds(0.5));

        Assert.Equal(commands, guest.Commands.Count);
        Assert.True(Devices.Count(Follower, OrderKind.Reset) >= 1, "the follower is not told to release its stop");
        await AcceptAsync(Arm, new RobotRequest.RemoteCommand(Script, epoch, Go(Reached)));
        await Rig.PassAsync(TimeSpan.FromSeconds(0.1));
        Assert.True(guest.Commands.Count > commands, "a new command moves nothing");
    }

    [Fact]
    public async Task A_stop_waits_for_no_request_that_came_before_it()
    {
        await MakeAsync(Arm);
        for (var round = 0; round < Rounds; round++)
        {
            var before = (await LookAsync()).Document.Version;
            var asked = Enumerable.Range(0, Queued).Select(number => There.ApplyAsync(Arm, Slower(round * Queued + number), default).AsTask()).ToArray();
            var waiting = asked.Count(request => !request.IsCompleted);
            var stopped = await AcceptAsync(Arm, new RobotRequest.Stop(), There);
            var done = (int)(stopped.Document.Version - before) - 1; // Each raised the version, as the stop did.
            var waited = done - (Queued - waiting);
            await Task.WhenAll(asked);
            Assert.True(stopped.Document.Stopped);
            await AcceptAsync(Arm, new RobotRequest.Reset());
            if (waiting < Queued / 2)
                continue; // They were done before the stop was asked for; that shows nothing.
            Assert.True(waited < waiting / 2, $"{waited} of {waiting} requests went before the stop");
            return;
        }

        Assert.Fail("requests never queued");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_survives_a_restart_and_programs_do_not(bool ofTheFleet)
    {
        await MakeAsync(Arm);
        await AcceptAsync(Arm, new RobotRequest.BindSlave(Follower, false));
        var guest = await ConnectAsync("guest", joins: true);
        await AttachAsync(Script);
        if (ofTheFleet)
            Assert.Null(await There.SetFleetStopAsync(true, default));
        else
            await AcceptAsync(Arm, new RobotRequest.Stop());
        var told = Devices.Count(Follower, OrderKind.Stop);

        await Rig.RestartAsync();

        var robot = await LookAsync();
        Assert.Equal((true, ofTheFleet), (robot.Stopped, robot.FleetStopped));
        Assert.Null(robot.Master);
        Assert.Empty(robot.UnboundSlaves);
        Assert.NotNull(guest.Gone);
        await Eventually.Holds("the stop is told again", () => Devices.Count(Follower, OrderKind.Stop) > told);
        await RefuseAsync(RefusalReason.Stopped, Arm, new RobotRequest.Manual(Go(0)));
    }

    [Fact]
    public async Task The_fleets_stop_holds_every_robot_also_one_made_meanwhile_and_leaves_their_own_stops_alone()
    {
        await MakeAsync(Arm, Other);
        await AcceptAsync(Other, new RobotRequest.Stop());

        Assert.Null(await There.SetFleetStopAsync(true, default));
        await MakeAsync("late");
        Assert.True(await Here.IsFleetStoppedAsync(default));
        Assert.All(await Here.ListAsync(default), robot => Assert.True(robot.FleetStopped));
        Assert.Contains("the fleet is stopped", await RefuseAsync(RefusalReason.Stopped, "late", new RobotRequest.Manual(Go(0))), StringComparison.Ordinal);
        Assert.Null(await Here.SetFleetStopAsync(false, default));

        Assert.False(await There.IsFleetStoppedAsync(default));
        Assert.Equal([Other], (await There.ListAsync(default)).Where(robot => robot.Stopped).Select(robot => robot.Document.Id));
    }

    [Fact]
    public async Task Robots_that_are_made_while_the_fleet_is_being_stopped_are_stopped()
    {
        var robots = Enumerable.Range(0, Racers).Select(number => $"robot-{number}").ToArray();
        var made = robots.Select(robot => Task.Run(() => MakeAsync(robot))).ToArray();

        var refused = await There.SetFleetStopAsync(true, default);
        await Task.WhenAll(made);

        Assert.Null(refused);
        var all = await Here.ListAsync(default);
        Assert.Equal(Racers, all.Count);
        Assert.All(all, robot => Assert.True(robot.FleetStopped, $"{robot.Document.Id} is not stopped"));
    }

    [Fact]
    public async Task Stops_and_resets_of_the_fleet_that_race_leave_all_robots_alike()
    {
        await MakeAsync([.. Enumerable.Range(0, 5).Select(number => $"robot-{number}")]);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(number => Task.Run(
            async () => Assert.Null(await Rig.Doors[number % Rig.Doors.Count].SetFleetStopAsync(number % 2 == 0, default)))));

        var stopped = await Here.IsFleetStoppedAsync(default);
        Assert.All(await There.ListAsync(default), robot => Assert.Equal(stopped, robot.FleetStopped));
        await Rig.RestartAsync();
        Assert.Equal(stopped, await Here.IsFleetStoppedAsync(default));
    }

    private static RobotRequest.Configure Slower(int step) => new(
        RobotModels.So101 with { Joints = [.. RobotModels.So101.Joints.Select(joint => joint with { MaxVelocity = 20 + step * 0.01 })] });
}
