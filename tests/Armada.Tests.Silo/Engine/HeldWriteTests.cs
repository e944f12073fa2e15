using Armada.Core.Control;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Engine;

/// <summary>A store that takes its time holds up configuration, never a stop.</summary>
public sealed class HeldWriteTests
{
    private static readonly RobotDocument Arm = new("slow", RobotModels.So101, null, [new SlaveBinding("held-follower")], 7, false, 1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_follower_is_told_to_stop_while_the_robots_document_is_still_being_written(bool ofTheFleet)
    {
        await using var rig = await EngineRig.StartAsync();
        var storage = new HeldStorage();
        await using var robot = rig.Service<HostedRobots>().Start(Arm, isFleetStopped: false, storage);
        var configured = robot.AskAsync(Slower, default);
        await storage.Writing.WaitAsync(TimeSpan.FromSeconds(10));

        RobotRequest stop = ofTheFleet ? new RobotRequest.FleetStop(true) : new RobotRequest.Stop();
        var stopped = robot.AskAsync(stop, default);

        await Eventually.Holds("the follower is told to stop", () => rig.ControlsOf(ControlOp.Stop) == 1);
        Assert.False(configured.IsCompleted || stopped.IsCompleted, "the write is still held");
        storage.Release();
        Assert.Null((await configured).Refused);
        Assert.True((await stopped).Robot!.Stopped);
    }

    [Fact]
    public async Task A_release_of_the_fleet_that_a_stop_overtakes_releases_nothing()
    {
        await using var rig = await EngineRig.StartAsync();
        var storage = new HeldStorage();
        await using var robot = rig.Service<HostedRobots>().Start(Arm, isFleetStopped: true, storage);
        var configured = robot.AskAsync(Slower, default);
        await storage.Writing.WaitAsync(TimeSpan.FromSeconds(10));

        var released = robot.AskAsync(new RobotRequest.FleetStop(false), default);
        var stopped = robot.AskAsync(new RobotRequest.FleetStop(true), default);
        storage.Release();
        await Task.WhenAll(configured, released, stopped);

        Assert.True((await robot.ReadAsync(default)).FleetStopped);
        Assert.Equal(0, rig.ControlsOf(ControlOp.Reset));
    }

    private static RobotRequest.Configure Slower => new(
        RobotModels.So101 with { Joints = [.. RobotModels.So101.Joints.Select(joint => joint with { MaxVelocity = 20 })] });

    private sealed class HeldStorage : IRobotStorage
    {
        private readonly TaskCompletionSource writing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Writing => writing.Task;

        public void Release() => held.TrySetResult();

        public async ValueTask<string?> SaveAsync(RobotDocument document)
        {
            writing.TrySetResult();
            await held.Task;
            return null;
        }
    }
}
