using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.Tests.Bus.Calibration;

namespace Armada.Tests.Bus.Arms;

public sealed class ArmTests : IDisposable
{
    private readonly EmulatedRig rig = EmulatedRig.Follower();
    private readonly FollowerArm arm;
    private readonly double[] pose = new double[6];

    public ArmTests()
    {
        arm = rig.DriveFollower();
        Assert.True(arm.Start(default).IsComplete);
    }

    public void Dispose()
    {
        arm.Dispose();
        rig.Dispose();
    }

    [Fact]
    public void A_pose_is_in_degrees_and_percent()
    {
        var real = new double[6];
        rig.Arm.Pose(real);
        Assert.Equal(6, arm.ReadPose(pose, default));
        Assert.All(real.Zip(pose), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 3));
        Assert.True(arm.Silent.IsEmpty && arm.Returned.IsEmpty);
    }

    [Fact]
    public void A_servo_may_miss_two_reads_before_its_joint_has_no_reading()
    {
        arm.ReadPose(pose, default);
        var last = pose[3];
        rig.Emulated.Faults.Silence(4);
        for (var miss = 1; miss <= 2; miss++)
        {
            Assert.Equal(5, arm.ReadPose(pose, default));
            Assert.Equal(last, pose[3]);
            Assert.True(arm.Silent.IsEmpty);
        }

        arm.ReadPose(pose, default);
        Assert.Equal([false, false, false, true, false, false], pose.Select(double.IsNaN));
        Assert.Equal("wrist_flex", arm.Silent.ToString());
        rig.Emulated.Faults.Silence(4, silent: false);
        Assert.Equal(6, arm.ReadPose(pose, default));
        Assert.True(arm.Silent.IsEmpty);
    }

    [Fact]
    public void A_servo_that_was_silent_at_the_start_is_told_when_it_answers()
    {
        rig.Emulated.Faults.Silence(4);
        arm.Start(default);
        rig.Emulated.Faults.Silence(4, silent: false);
        arm.ReadPose(pose, default);
        Assert.Equal("wrist_flex", arm.Returned.ToString());
        Assert.True(arm.Start(default).IsComplete);
    }

    [Fact]
    public void Goals_are_one_sync_write_clamped_to_the_calibrated_range()
    {
        var since = rig.Emulated.Journal.Count;
        arm.TryWriteGoals([-200, 200, 0, double.PositiveInfinity, 181, 120], default);
        Fence();
        var writes = rig.Emulated.Journal.Since(since);
        Assert.Equal(6, writes.Count);
        Assert.All(writes, write => Assert.Equal(Instruction.SyncWrite, write.Instruction));
        Assert.Equal([758, 3175, 1985, 3222, 4095, 3520], writes.Select(write => write.Of(Sts3215.GoalPosition)!.Value));
    }

    [Fact]
    public void A_goal_of_NaN_keeps_the_last_one_and_at_first_the_pose_of_the_start()
    {
        var stood = rig.Written(1, Sts3215.GoalPosition).Last();
        arm.TryWriteGoals([double.NaN, 10, double.NaN, double.NaN, double.NaN, double.NaN], default);
        arm.TryWriteGoals([double.NaN, double.NaN, 5, double.NaN, double.NaN, double.NaN], default);
        Fence();
        Assert.Equal(stood, rig.Written(1, Sts3215.GoalPosition).Last());
        Assert.Equal(SampleCalibration.Arm.Joints[1].Denormalize(10, JointScale.Degrees), rig.Written(2, Sts3215.GoalPosition).Last());
    }

    [Fact]
    public void Health_is_read_in_units_of_the_real_world()
    {
        rig.Arm.TripOverload(2);
        var health = new ServoTelemetry[6];
        Assert.Equal(6, arm.ReadHealth(health, default));
        Assert.All(health, joint => Assert.True(joint.IsKnown));
        Assert.All(health, joint => Assert.InRange(joint.Volts, 5, 8.4));
        Assert.All(health, joint => Assert.InRange(joint.Celsius, 10, 70));
        Assert.Equal(ServoErrors.Overload, health[1].Errors);
    }

    [Fact]
    public void A_health_block_is_decoded_field_by_field()
    {
        byte[] block = [0x00, 0x08, 0x64, 0x80, 0xF4, 0x05, 74, 31, 0, 0x04, 1, 0, 0, 100, 0];
        var health = ServoTelemetry.Decode(block, ServoErrors.Voltage);
        Assert.Equal(new ServoTelemetry(true, -100, -50, 7.4, 31, ServoErrors.Voltage | ServoErrors.Overheat, true), health);
    }

    [Fact]
    public void A_power_dip_is_found_and_another_start_holds_the_arm_again()
    {
        Assert.True(arm.ReadTorqueLost(default).IsEmpty);
        rig.Arm.PowerDip();
        Assert.Equal(0b111111u, arm.ReadTorqueLost(default).Bits);
        Assert.True(arm.Start(default).IsComplete);
        Assert.True(arm.ReadTorqueLost(default).IsEmpty);
        Assert.Equal(500, rig.Read(6, Sts3215.TorqueLimit));
    }

    [Fact]
    public void Torque_off_is_one_broadcast_that_a_latched_error_does_not_stop()
    {
        rig.Arm.TripOverload(2);
        var since = rig.Emulated.Journal.Count;
        arm.Dispose();
        Assert.NotNull(rig.Emulated.Journal.Wait(write => write.IsTorqueOffForAll, TimeSpan.FromSeconds(10), since));
        Assert.Single(rig.Emulated.Journal.Since(since));
        Assert.All(ArmJoint.All, joint => Assert.Equal(0, rig.Read(joint.Id, Sts3215.TorqueEnable)));
    }

    [Fact]
    public void A_tick_allocates_nothing()
    {
        var health = new ServoTelemetry[6];
        Span<double> goals = stackalloc double[6];
        var before = 0L;
        for (var tick = 0; tick < 200; tick++)
        {
            if (tick == 100)
                before = GC.GetAllocatedBytesForCurrentThread();
            arm.ReadPose(pose, default);
            pose.CopyTo(goals);
            arm.TryWriteGoals(goals, default);
            arm.ReadHealth(health, default);
            arm.ReadTorqueLost(default);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>An unacknowledged write is through when the bus has answered what was asked after it.</summary>
    private void Fence() => Assert.True(rig.Bus.Ping(1, default).IsOk);
}
