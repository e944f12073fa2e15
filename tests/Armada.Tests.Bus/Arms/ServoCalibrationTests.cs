using System.Collections.Immutable;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Devices.ServoBus;
using Armada.Tests.Bus.Calibration;

namespace Armada.Tests.Bus.Arms;

public sealed class ServoCalibrationTests : IDisposable
{
    private readonly EmulatedRig rig = EmulatedRig.Follower();

    public void Dispose() => rig.Dispose();

    private static ImmutableArray<ServoEeprom?> Survey(EmulatedRig rig) => ServoArm.Survey(rig.Bus, default);

    [Fact]
    public void The_servos_own_calibration_is_read() =>
        Assert.Equal(
            SampleCalibration.Arm.Joints.AsEnumerable(), ArmJoint.All.Zip(Survey(rig), (joint, eeprom) => ServoCalibration.Of(joint, eeprom!)));

    [Fact]
    public void A_silent_servo_has_no_calibration_to_read()
    {
        rig.Emulated.Faults.Silence(4);
        Assert.Null(Survey(rig)[3]);
    }

    [Fact]
    public void Differences_are_told_value_by_value_and_silent_servos_passed_over()
    {
        rig.Arm.Servos[0].Store(Sts3215.HomingOffset, 5);
        rig.Arm.Servos[5].Store(Sts3215.MaxPositionLimit, 3000);
        rig.Emulated.Faults.Silence(6);
        Assert.Equal(
            ["shoulder_pan: Homing_Offset is 5 in the servo, -1470 in the file"],
            ServoCalibration.Compare(Survey(rig), SampleCalibration.Arm).Select(mismatch => mismatch.ToString()));
    }

    [Fact]
    public void A_files_calibration_is_written_where_it_differs_with_torque_off_and_lasts()
    {
        rig.Arm.Servos[0].Store(Sts3215.HomingOffset, 5);
        ServoCalibration.Write(rig.Bus, SampleCalibration.Arm, Survey(rig), default);
        Assert.Equal(0, rig.Emulated.Journal.Since()[0].Of(Sts3215.TorqueEnable));
        Assert.All(rig.Emulated.Journal.Since(), write => Assert.Equal(1, write.Id));
        Assert.Equal([-1470], rig.Written(1, Sts3215.HomingOffset));
        rig.Arm.PowerDip();
        Assert.Empty(ServoCalibration.Compare(Survey(rig), SampleCalibration.Arm));
    }

    [Fact]
    public void A_servo_that_does_not_take_its_calibration_is_named()
    {
        rig.Arm.Servos[1].Store(Sts3215.HomingOffset, 5);
        var survey = Survey(rig);
        rig.Emulated.Faults.Silence(2);
        var error = Assert.Throws<CalibrationException>(() => ServoCalibration.Write(rig.Bus, SampleCalibration.Arm, survey, default));
        Assert.Equal($"{rig.Bus.Port}: servo 2 (shoulder_lift) did not take its calibration", error.Message);
    }

    [Theory]
    [InlineData("so101-leader", ArmRole.Leader)]
    [InlineData("so100-follower", ArmRole.Follower)]
    public void Kinds_are_found_by_name(string name, ArmRole role) => Assert.Equal(role, ArmKind.Find(name)!.Role);

    [Fact]
    public void An_unknown_kind_is_none() => Assert.Null(ArmKind.Find("so102-leader"));

    [Fact]
    public void A_servo_silent_at_the_start_keeps_none_from_its_own_calibration_and_has_its_own_when_it_is_back()
    {
        using var leader = EmulatedRig.Leader();
        var pose = new double[ArmJoint.Count];
        leader.Emulated.Faults.Silence(4);
        using var arm = leader.ReadLeader();

        Assert.False(arm.Start(default).IsComplete);
        arm.ReadPose(pose, default);
        Assert.Equal([3], Enumerable.Range(0, pose.Length).Where(joint => double.IsNaN(pose[joint])));

        leader.Emulated.Faults.Silence(4, silent: false);
        arm.ReadPose(pose, default);
        Assert.True(double.IsNaN(pose[3]), "a position was made up without a calibration");
        Assert.True(arm.Returned.Contains(3));

        Assert.True(arm.Start(default).IsComplete);
        arm.ReadPose(pose, default);
        Assert.Equal(ServoCalibration.Of(ArmJoint.All[3], Survey(leader)[3]!), arm.Calibration.Joints[3]);
        Assert.True(double.IsFinite(pose[3]));
    }
}
