using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;

namespace Armada.Tests.Bus.Arms;

public sealed class ArmStartupReportTests : IDisposable
{
    private readonly EmulatedRig rig = EmulatedRig.Follower();

    public void Dispose() => rig.Dispose();

    [Fact]
    public void A_follower_holds_where_it_stands_before_its_torque_goes_on()
    {
        foreach (var joint in ArmJoint.All)
            Assert.True(rig.Bus.Write(joint.Id, Sts3215.GoalPosition, 2500, default).IsOk);
        var before = Pose();
        var since = rig.Emulated.Journal.Count;
        using var arm = rig.DriveFollower();
        Assert.True(arm.Start(default).IsComplete);
        foreach (var joint in ArmJoint.All)
        {
            var order = rig.Emulated.Journal.Since(since).Where(write => write.Id == joint.Id).ToList();
            var goal = order.FindLastIndex(write => write.Of(Sts3215.GoalPosition) is not null);
            var torqueOn = order.FindIndex(write => write.Of(Sts3215.TorqueEnable) == 1);
            Assert.True(goal >= 0 && goal < torqueOn, $"{joint}: torque went on before its goal was set");
            Assert.Equal(1, rig.Read(joint.Id, Sts3215.TorqueEnable));
        }

        Assert.All(before.Zip(Pose()), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 3));
    }

    [Fact]
    public void A_follower_gets_LeRobots_settings_and_its_gripper_half_its_force_at_once()
    {
        using var arm = rig.DriveFollower();
        arm.Start(default);
        foreach (var joint in ArmJoint.All)
        {
            Assert.Equal(16, rig.Read(joint.Id, Sts3215.Proportional));
            Assert.Equal(32, rig.Read(joint.Id, Sts3215.Derivative));
            Assert.Equal(254, rig.Read(joint.Id, Sts3215.Acceleration));
            Assert.Equal(254, rig.Read(joint.Id, Sts3215.MaximumAcceleration));
        }

        Assert.Equal((500, 500), (rig.Read(6, Sts3215.MaxTorqueLimit), rig.Read(6, Sts3215.TorqueLimit)));
        Assert.Equal((250, 25), (rig.Read(6, Sts3215.ProtectionCurrent), rig.Read(6, Sts3215.OverloadTorque)));
        Assert.Equal((1000, 1000), (rig.Read(5, Sts3215.MaxTorqueLimit), rig.Read(5, Sts3215.TorqueLimit)));
    }

    [Fact]
    public void EEPROM_is_written_only_where_it_differs_and_survives_a_power_cycle()
    {
        using var arm = rig.DriveFollower();
        arm.Start(default);
        rig.Arm.PowerDip();
        Assert.Equal(16, rig.Read(3, Sts3215.Proportional));
        var since = rig.Emulated.Journal.Count;
        Assert.True(arm.Start(default).IsComplete);
        Assert.All(rig.Emulated.Journal.Since(since), write => Assert.Equal(RegisterArea.Ram, Sts3215.At(write.Address)!.Value.Area));
        Assert.All(rig.Emulated.Journal.Since(since), write => Assert.Null(write.Of(Sts3215.Lock)));
    }

    [Fact]
    public void Multi_turn_feedback_is_switched_off_and_the_other_phase_bits_stay()
    {
        rig.Arm.Servos[2].Store(Sts3215.Phase, 0x1C);
        using var arm = rig.DriveFollower();
        arm.Start(default);
        Assert.Equal(0x0C, rig.Read(3, Sts3215.Phase));
    }

    [Fact]
    public void A_servo_that_holds_already_keeps_its_torque_through_another_start()
    {
        using var arm = rig.DriveFollower();
        arm.Start(default);
        var since = rig.Emulated.Journal.Count;
        arm.Start(default);
        Assert.All(ArmJoint.All, joint => Assert.DoesNotContain(0, rig.Written(joint.Id, Sts3215.TorqueEnable, since)));
    }

    [Fact]
    public void A_silent_servo_is_named_and_the_other_five_start()
    {
        rig.Emulated.Faults.Silence(4);
        using var arm = rig.DriveFollower();
        var start = arm.Start(default);
        Assert.Equal(["wrist_flex (servo 4) does not answer: check its cable, its power and its id"], start.Problems);
        Assert.Equal("shoulder_pan, shoulder_lift, elbow_flex, wrist_roll, gripper", start.Ready.ToString());
    }

    [Fact]
    public void A_servo_of_another_model_is_named_and_left_alone()
    {
        rig.Arm.Servos[1].Store(Sts3215.ModelNumber, 1284);
        using var arm = rig.DriveFollower();
        var start = arm.Start(default);
        Assert.Equal(["shoulder_lift (servo 2) is model 1284, not 777: not an STS3215"], start.Problems);
        var pose = new double[6];
        arm.ReadPose(pose, default);
        arm.TryWriteGoals([0, 0, 0, 0, 0, 50], default);
        Assert.True(rig.Bus.Ping(1, default).IsOk);
        Assert.DoesNotContain(rig.Emulated.Journal.Since(), write => write.Id == 2);
        Assert.True(double.IsNaN(pose[1]));
        Assert.True(arm.Returned.IsEmpty);
    }

    [Fact]
    public void Mixed_firmware_is_told_and_no_reason_not_to_start()
    {
        rig.Arm.Servos[0].Store(Sts3215.FirmwareMinorVersion, 9);
        using var arm = rig.DriveFollower();
        var start = arm.Start(default);
        Assert.True(start.IsComplete);
        Assert.Equal(["servos differ in firmware (3.9, 3.10, 3.10, 3.10, 3.10, 3.10): update them"], start.Problems);
    }

    [Fact]
    public void A_latched_overload_is_cleared_by_the_start()
    {
        rig.Arm.TripOverload(3);
        using var arm = rig.DriveFollower();
        var start = arm.Start(default);
        Assert.Equal(ServoErrors.Overload, start.Servos[2].Errors);
        Assert.True(start.IsComplete);
        Assert.Equal(ServoErrors.None, rig.Bus.Ping(3, default).Errors);
    }

    [Fact]
    public void A_leader_loses_its_torque_and_is_not_given_a_followers_settings()
    {
        using var rig = EmulatedRig.Leader();
        Assert.True(rig.Bus.Write(2, Sts3215.TorqueEnable, 1, default).IsOk);
        using var arm = rig.ReadLeader();
        Assert.True(arm.Start(default).IsComplete);
        Assert.All(ArmJoint.All, joint => Assert.Equal(0, rig.Read(joint.Id, Sts3215.TorqueEnable)));
        Assert.Equal((32, 1000), (rig.Read(6, Sts3215.Proportional), rig.Read(6, Sts3215.TorqueLimit)));
    }

    [Theory]
    [InlineData(6, 0, 0, 4095, "gripper: from range_min 0 to range_max 4095 is more than this joint turns: its servo is as it left the factory")]
    [InlineData(3, 1258, 890, 910, "elbow_flex: from range_min 890 to range_max 910 are 20 steps")]
    [InlineData(2, 1025, 838, 30672, "shoulder_lift: range_max 30672 is over 4095")]
    public void A_servo_that_keeps_no_calibration_is_named_before_any_has_torque(byte id, int offset, int least, int most, string problem)
    {
        rig.Arm.Servos[id - 1].Store(Sts3215.HomingOffset, offset);
        rig.Arm.Servos[id - 1].Store(Sts3215.MinPositionLimit, least);
        rig.Arm.Servos[id - 1].Store(Sts3215.MaxPositionLimit, most);
        using var arm = new FollowerArm(rig.Bus, ArmCalibration.OfServos(rig.Bus.Port));
        var error = Assert.Throws<CalibrationException>(() => arm.Start(default)).Message;
        Assert.Contains(problem, error, StringComparison.Ordinal);
        Assert.Contains("calibrate this arm again", error, StringComparison.Ordinal);
        Assert.Empty(rig.Emulated.Journal.Since());
    }

    [Fact]
    public void A_pulled_cable_ends_a_start()
    {
        using var arm = rig.DriveFollower();
        arm.Start(default);
        rig.Emulated.Unplug();
        Assert.Throws<SerialLostException>(() => arm.Start(default));
        Assert.False(arm.TryTorqueOff());
    }

    private double[] Pose()
    {
        var pose = new double[6];
        rig.Arm.Pose(pose);
        return pose;
    }
}
