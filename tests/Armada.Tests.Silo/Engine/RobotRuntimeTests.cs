using Armada.Core.Control;
using Armada.Core.Devices;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Grains.Robots;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Engine;

public sealed class RobotRuntimeTests
{
    private const int RobotFault = 1152;

    [Fact]
    public async Task Routing_a_million_frames_allocates_nothing()
    {
        await using var rig = await EngineRig.StartAsync();
        RouteMany(rig, 10_000);
        var (routed, expired) = Counts();

        var before = GC.GetAllocatedBytesForCurrentThread();
        RouteMany(rig, 1_000_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // A frame that a busy machine put off for longer than it lives is rightly dropped.
        var now = Counts();
        Assert.Equal(1_000_000, now.Routed - routed + now.Expired - expired);
        Assert.InRange(now.Routed - routed, 999_000, 1_000_000);
        Assert.Equal(0, allocated);

        (long Routed, long Expired) Counts() =>
            (rig.Telemetry.Frames(DeviceRole.Master, FrameResult.Accepted), rig.Telemetry.Frames(DeviceRole.Master, FrameResult.Expired));
    }

    [Fact]
    public async Task A_refused_write_refuses_the_request_and_leaves_the_robot_as_it_was()
    {
        await using var rig = await EngineRig.StartAsync();

        Refusal? refused;
        using (rig.BreakStorage())
            refused = await rig.AskAsync(new RobotRequest.UnbindSlave("follower"));

        Assert.Equal(RefusalReason.NotStored, refused?.Reason);
        var robot = await rig.Engine.GetAsync(EngineRig.Robot, CancellationToken.None);
        Assert.Equal("follower", Assert.Single(robot!.Document.Slaves).Name);
        Assert.Null(await rig.AskAsync(new RobotRequest.UnbindSlave("follower")));
    }

    [Fact]
    public async Task A_stop_that_cannot_be_stored_is_in_force_all_the_same()
    {
        await using var rig = await EngineRig.StartAsync();

        Refusal? refused;
        using (rig.BreakStorage())
            refused = await rig.AskAsync(new RobotRequest.Stop());

        Assert.Equal(RefusalReason.NotStored, refused?.Reason);
        Assert.Equal(1, rig.ControlsOf(ControlOp.Stop));
        var commands = rig.Link.Samples;
        RouteMany(rig, 100);
        Assert.Equal(commands, rig.Link.Samples);
    }

    [Fact]
    public async Task A_stop_that_could_not_be_stored_is_stored_when_the_disk_is_well_again()
    {
        await using var rig = await EngineRig.StartAsync();
        using (rig.BreakStorage())
            await rig.AskAsync(new RobotRequest.Stop());

        await Eventually.Holds("the stop is stored", () =>
        {
            foreach (var robot in rig.Robots)
                robot.Tick();
            return rig.ReadStoredAsync().GetAwaiter().GetResult()!.Stopped;
        });
    }

    [Fact]
    public async Task A_stop_that_could_not_be_stored_outlives_a_fault_of_its_robot()
    {
        await using var rig = await EngineRig.StartAsync();
        rig.Logs.Expect(RobotFault);
        using (rig.BreakStorage())
        {
            await rig.AskAsync(new RobotRequest.Stop());
            var robot = Assert.Single(rig.Robots);
            var fault = robot.AskAsync(new WorkItem((_, _) => throw new InvalidOperationException("on purpose")), ahead: false, default);
            await Assert.ThrowsAsync<InvalidOperationException>(() => fault);
            robot.Tick();
            Assert.True((await rig.Engine.GetAsync(EngineRig.Robot, default))!.Document.Stopped);
        }

        var commands = rig.Link.Samples;
        RouteMany(rig, 100);
        Assert.Equal(commands, rig.Link.Samples);
    }

    [Fact]
    public async Task A_stop_that_races_a_deletion_does_not_bring_the_robot_back()
    {
        await using var rig = await EngineRig.StartAsync();

        var deletion = rig.Engine.DeleteAsync(EngineRig.Robot, default).AsTask();
        while (!deletion.IsCompleted)
            await rig.AskAsync(new RobotRequest.Stop());

        Assert.Null((await deletion).Refused);
        Assert.Null(await rig.Engine.GetAsync(EngineRig.Robot, default));
        Assert.Null(await rig.ReadStoredAsync());
    }

    [Fact]
    public async Task Of_too_many_frames_that_come_while_a_change_is_stored_the_oldest_are_superseded()
    {
        await using var rig = await EngineRig.StartAsync();
        for (var velocity = 90; velocity > 10 && rig.Telemetry.Frames(DeviceRole.Master, FrameResult.Superseded) == 0; velocity--)
        {
            // A write may be over before this thread has sent two frames.
            var slower = RobotModels.So101.Joints.Select(joint => joint with { MaxVelocity = velocity });
            var asked = rig.AskAsync(new RobotRequest.Configure(RobotModels.So101 with { Joints = [.. slower] }));
            while (!asked.IsCompleted)
                rig.SendLeader();
            Assert.Null(await asked);
        }

        var commands = rig.Link.Samples;
        await rig.LearnEpochAsync();
        Assert.True(rig.Telemetry.Frames(DeviceRole.Master, FrameResult.Superseded) > 0, "no frame met a robot that was busy storing");
        await Eventually.Holds("frames are routed after the change", () =>
        {
            rig.SendFollower();
            rig.SendLeader();
            return rig.Link.Samples > commands;
        });
    }

    [Fact]
    public async Task Requests_frames_and_ticks_from_many_threads_lose_no_answer()
    {
        await using var rig = await EngineRig.StartAsync();
        using var ending = new CancellationTokenSource();
        var frames = Task.Run(() =>
        {
            while (!ending.IsCancellationRequested)
                RouteMany(rig, 100);
        });
        var ticks = Task.Run(() =>
        {
            while (!ending.IsCancellationRequested)
            {
                foreach (var robot in rig.Robots)
                    robot.Tick();
            }
        });

        var asked = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
                Assert.NotNull(await rig.Engine.GetAsync(EngineRig.Robot, CancellationToken.None));
        })));

        await Eventually.Happens("2000 looks at a busy robot are answered", asked, TimeSpan.FromSeconds(60));
        await ending.CancelAsync();
        await Task.WhenAll(frames, ticks);
    }

    private static void RouteMany(EngineRig rig, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (i % 2 == 0)
                rig.SendFollower();
            rig.SendLeader();
        }
    }
}
