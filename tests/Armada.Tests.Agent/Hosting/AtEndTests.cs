using System.Collections.Immutable;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.EdgeAgent.Configuration;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.Hosting;

/// <summary>How an arm is left when its agent ends.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class AtEndTests : IDisposable
{
    private const double ApproachVelocity = 45;

    private readonly FailOnLoggedErrors logs = new();
    private readonly TestArm arm = TestArm.Follower();

    public void Dispose()
    {
        arm.Dispose();
        logs.Dispose();
    }

    [Fact]
    public async Task Released_it_loses_all_torque_in_one_write()
    {
        await using var agent = await StartAsync(AtEnd.Release);
        var since = arm.Bus.Journal.Count;
        await agent.StopAsync();
        Assert.NotNull(arm.Bus.Journal.Wait(write => write.IsTorqueOffForAll, TimeSpan.FromSeconds(5), since));
        Assert.Empty(logs.Of(3024));
    }

    [Fact]
    public async Task With_a_rest_pose_it_goes_there_slowly_and_then_loses_its_torque()
    {
        await using var agent = await StartAsync(atEnd: null, pan: 40);
        var since = arm.Bus.Journal.Count;
        await agent.StopAsync();

        Assert.InRange(arm.Joint(0), 32, 48);
        await Eventually.Holds("no servo has torque", () => !Enumerable.Range(1, 6).Any(id => arm.HasTorque((byte)id))); // A broadcast is not answered.
        var goals = arm.Bus.Journal.Since(since).Where(write => write.Id == 1 && write.Of(Sts3215.GoalPosition) is not null).ToList();
        var seconds = (goals[^1].Timestamp - goals[0].Timestamp) / (double)TimeProvider.System.TimestampFrequency;
        var degrees = (goals[^1].Of(Sts3215.GoalPosition)!.Value - goals[0].Of(Sts3215.GoalPosition)!.Value) * 360 / 4095.0;
        Assert.InRange(degrees / seconds, 1, 1.1 * ApproachVelocity);
    }

    [Fact]
    public async Task Stopped_it_is_held_and_never_parked()
    {
        await using var agent = await StartAsync(AtEnd.Park, pan: 40);
        agent.Stop.Latch();
        await agent.StopAsync();
        AssertHeld("a stop is latched");
        Assert.InRange(arm.Joint(0), 7, 17);
    }

    [Fact]
    public async Task Stopped_while_it_parks_it_is_held_where_it_is()
    {
        await using var agent = await StartAsync(AtEnd.Park, pan: 100);
        var end = agent.StopAsync();
        await Eventually.Holds("it parks", () => arm.Joint(0) > 20 && agent["follower-1"].Presence().State == "parking");
        agent.Stop.Latch();
        await end;
        AssertHeld("it was stopped");
        Assert.InRange(arm.Joint(0), 20, 90);
    }

    [Fact]
    public async Task With_something_in_its_way_it_is_held_where_it_is_and_does_not_push_on()
    {
        await using var agent = await StartAsync(AtEnd.Park, pan: 40, new ShortWaits());
        var joint = arm.Bus.Arm.Joints[0];
        arm.Bus.Arm.Block(1, joint.Minimum, joint.ToSteps(20));
        await agent.StopAsync();
        AssertHeld("did not reach its rest_pose in time");
        Assert.InRange(joint.FromSteps(arm.Bus.Arm.Read(1, Sts3215.GoalPosition)), 15, 22);
    }

    [Fact]
    public async Task An_arm_without_torque_stays_so()
    {
        await using var agent = await StartAsync(AtEnd.Park, pan: 40);
        agent["follower-1"].BusCommands.TryAdd(new Armada.Core.Control.ControlMessage("1", Armada.Core.Control.ControlOp.Torque, On: false));
        await Eventually.Holds("its torque is off", () => agent["follower-1"].Presence().State == "torque-off");
        await agent.StopAsync();
        Assert.False(arm.HasTorque(1), "it got torque");
    }

    private void AssertHeld(string why)
    {
        Assert.Contains(why, Assert.Single(logs.Of(3024)).Message, StringComparison.Ordinal);
        Assert.All(Enumerable.Range(1, 6), id => Assert.True(arm.HasTorque((byte)id), $"servo {id} has no torque"));
    }

    private async Task<TestAgent> StartAsync(AtEnd? atEnd, double? pan = null, TimeProvider? time = null)
    {
        var rest = arm.Pose();
        rest[0] = pan ?? rest[0];
        var settings = new DeviceSettings(
            "follower-1",
            "so101-follower",
            arm.Port,
            RestPose: pan is null ? null : ArmJoint.All.Zip(rest).ToImmutableDictionary(joint => joint.First.Name, joint => joint.Second),
            AtEnd: atEnd);
        var agent = await TestAgent.StartAsync(logs, new AgentConfiguration([settings], new BrokerOptions(["127.0.0.1"], 1)), new(Time: time));
        await Eventually.Holds("it holds", () => agent["follower-1"].Presence() is { State: "holding", Faults.Count: 0 });
        return agent;
    }

    /// <summary>Real time, in which only long timers are short.</summary>
    private sealed class ShortWaits : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.FromSeconds(5) ? dueTime / 4 : dueTime, period);
    }
}
