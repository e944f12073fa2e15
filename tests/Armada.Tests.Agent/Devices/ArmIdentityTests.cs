using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Devices.ServoBus;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.Devices;

/// <summary>An arm is known by what is in its servos, not by its port and not by what a file says of it.</summary>
public sealed class ArmIdentityTests : IDisposable
{
    private readonly FailOnLoggedErrors logs = new();
    private readonly TempFolder folder = new();
    private readonly TestArm leader = TestArm.Leader(new StillHand());
    private readonly TestArm follower = TestArm.Follower();

    public void Dispose()
    {
        leader.Dispose();
        follower.Dispose();
        folder.Dispose();
        logs.Dispose();
    }

    [Fact]
    public async Task Ports_that_were_exchanged_are_found_and_the_leader_never_has_torque()
    {
        await using (var first = await StartAsync(Device("leader-1", leader), Device("follower-1", follower)))
            await Runs(first, "leader-1", "follower-1");
        var (since, sinceFollower) = (leader.Bus.Journal.Count, follower.Bus.Journal.Count);
        await using var agent = await StartAsync(Device("leader-1", follower), Device("follower-1", leader));
        await Runs(agent, "leader-1", "follower-1");
        AssertUntouched(since);
        Assert.DoesNotContain(follower.Bus.Journal.Since(sinceFollower), IsEepromWrite);
        Assert.True(follower.HasTorque(1), "the follower is not driven");
    }

    [Fact]
    public async Task Exchanged_ports_are_found_by_calibration_files_too_and_nothing_is_written_into_servos()
    {
        var since = leader.Bus.Journal.Count;
        var sinceFollower = follower.Bus.Journal.Count;
        await using var agent = await StartAsync(
            Device("leader-1", follower) with { Calibration = File(ArmRole.Leader), OnCalibrationMismatch = OnMismatch.WriteServos },
            Device("follower-1", leader) with { Calibration = File(ArmRole.Follower), OnCalibrationMismatch = OnMismatch.WriteServos });
        await Runs(agent, "leader-1", "follower-1");
        AssertUntouched(since);
        Assert.DoesNotContain(follower.Bus.Journal.Since(sinceFollower), write => IsEepromWrite(write) && IsCalibration(write));
    }

    [Fact]
    public async Task A_leader_has_no_torque_though_a_file_says_that_it_is_a_follower()
    {
        await using (var first = await StartAsync(Device("leader-1", leader)))
            await Runs(first, "leader-1");
        var since = leader.Bus.Journal.Count;
        await using var agent = await StartAsync(
            Device("leader-1", follower), Device("follower-1", leader) with { Calibration = File(ArmRole.Leader) });
        await Complains(agent, "follower-1", "has the arm of 'leader-1'");
        AssertUntouched(since);
    }

    [Fact]
    public async Task An_arm_whose_port_became_another_devices_is_found_there()
    {
        await using (var first = await StartAsync(Device("leader-1", leader), Device("follower-1", follower)))
            await Runs(first, "leader-1", "follower-1");
        leader.Bus.Unplug();
        await using var agent = await StartAsync(Device("leader-1", follower), Device("follower-1", leader));
        await Runs(agent, "follower-1");
        Assert.True(follower.HasTorque(1), "the follower is not driven");
    }

    [Fact]
    public async Task An_arm_that_was_calibrated_again_is_refused_until_the_old_one_is_forgotten()
    {
        await using (var first = await StartAsync(Device("follower-1", follower)))
            await Runs(first, "follower-1");
        follower.Bus.Arm.Write(2, Sts3215.HomingOffset, 900);
        await using var agent = await StartAsync(Device("follower-1", follower));
        await Complains(agent, "follower-1", "shoulder_lift: homing_offset is 900, was 1025");
        await Complains(agent, "follower-1", "armada-edge forget");
        await Eventually.Holds("its torque is off", () => !follower.HasTorque(1));
        Assert.True(KnownArms.Forget(folder.File("arms"), "follower-1"));
        await Runs(agent, "follower-1");
    }

    [Fact]
    public async Task Two_arms_with_one_calibration_both_run()
    {
        using var twin = TestArm.Follower();
        await using var agent = await StartAsync(Device("follower-1", follower), Device("follower-2", twin));
        await Runs(agent, "follower-1", "follower-2");
    }

    [Fact]
    public async Task A_calibration_file_that_is_replaced_is_read_without_a_restart()
    {
        var file = File(ArmRole.Leader);
        await using var agent = await StartAsync(Device("follower-1", follower) with { Calibration = file });
        await Complains(agent, "follower-1", "is not the calibration of these servos");
        System.IO.File.Copy(File(ArmRole.Follower), file, overwrite: true);
        await Runs(agent, "follower-1");
        // While it runs: calibrated again, servos first.
        var joints = EmulatedJoint.Calibration(ArmRole.Follower).Joints;
        CalibrationFile.Write(file, new ArmCalibration(file, joints.SetItem(1, joints[1] with { RangeMin = joints[1].RangeMin + 100 })));
        await Eventually.Holds("the new file is named as unfit", () => logs.Of(3010).Any(entry => entry.Message.Contains("and not used", StringComparison.Ordinal)));
        Assert.True(follower.HasTorque(1), "an arm fell because of a file");
    }

    private Task<TestAgent> StartAsync(params DeviceSettings[] devices) =>
        TestAgent.StartAsync(logs, new AgentConfiguration([.. devices], new BrokerOptions(["127.0.0.1"], 1), ArmsFolder: folder.File("arms")));

    private static DeviceSettings Device(string name, TestArm arm) =>
        new(name, name.StartsWith("leader", StringComparison.Ordinal) ? "so101-leader" : "so101-follower", arm.Port);

    private string File(ArmRole role)
    {
        var path = folder.File($"{role}-{Guid.NewGuid():n}.json");
        CalibrationFile.Write(path, EmulatedJoint.Calibration(role));
        return path;
    }

    private static Task Runs(TestAgent agent, params string[] devices) => Eventually.Holds(
        () => $"they run: {string.Join("; ", devices.Select(name => $"{name} {agent[name].Presence().State} {string.Join(", ", agent[name].Presence().Faults!)}"))}",
        () => devices.All(name => agent[name].Presence() is { State: "holding" or "idle", Faults.Count: 0 }));

    private static Task Complains(TestAgent agent, string device, string what) => Eventually.Holds(
        () => $"{device} complains: {what}; it says {string.Join(", ", agent[device].Presence().Faults!)}",
        () => agent[device].Presence().Faults!.Any(fault => fault.Contains(what, StringComparison.Ordinal)));

    private void AssertUntouched(long since)
    {
        Assert.DoesNotContain(
            leader.Bus.Journal.Since(since),
            write => write.Of(Sts3215.GoalPosition) is not null || write.Of(Sts3215.TorqueEnable) > 0 || IsEepromWrite(write));
        Assert.All(ArmJoint.All, joint => Assert.False(leader.HasTorque(joint.Id), $"{joint} of the leader has torque"));
    }

    private static bool IsEepromWrite(RegisterWrite write) => write.Address < Sts3215.TorqueEnable.Address;

    private static bool IsCalibration(RegisterWrite write) =>
        write.Of(Sts3215.HomingOffset) is not null || write.Of(Sts3215.MinPositionLimit) is not null || write.Of(Sts3215.MaxPositionLimit) is not null;
}
