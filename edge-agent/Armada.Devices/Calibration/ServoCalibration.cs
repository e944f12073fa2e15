using System.Collections.Immutable;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;

namespace Armada.Devices.Calibration;

/// <summary>A servo whose own calibration is not that of the file.</summary>
public sealed record CalibrationMismatch(ArmJoint Joint, Register Register, int InFile, int InServo)
{
    public override string ToString() => $"{Joint}: {Register.Name} is {InServo} in the servo, {InFile} in the file";
}

/// <summary>The calibration that servos keep in their EEPROM: homing offset and position limits.</summary>
public static class ServoCalibration
{
    public static JointCalibration Of(ArmJoint joint, ServoEeprom eeprom) => new(
        joint.Id, DriveMode: 0, eeprom[Sts3215.HomingOffset], eeprom[Sts3215.MinPositionLimit], eeprom[Sts3215.MaxPositionLimit]);

    /// <summary>Compares it with a file's, as LeRobot does at connect. Servos that are silent are passed over.</summary>
    public static ImmutableArray<CalibrationMismatch> Compare(ImmutableArray<ServoEeprom?> survey, ArmCalibration file) =>
    [
        .. from servo in ArmJoint.All.Zip(file.Joints, survey)
           where servo.Third is not null
           from value in Values(servo.Second)
           where servo.Third[value.Register] != value.Value
           select new CalibrationMismatch(servo.First, value.Register, value.Value, servo.Third[value.Register]),
    ];

    /// <summary>Writes a file's calibration into the servos that answered, only where it differs, and with the torque of those off: the arm
    /// must be supported.</summary>
    /// <exception cref="CalibrationException">A servo did not take it; the servos before it have.</exception>
    public static void Write(FeetechBus bus, ArmCalibration file, ImmutableArray<ServoEeprom?> survey, CancellationToken cancellation)
    {
        foreach (var (joint, calibration, eeprom) in ArmJoint.All.Zip(file.Joints, survey))
        {
            if (eeprom is not null && !ServoSettings.Apply(bus, joint.Id, Values(calibration), eeprom, cancellation))
                throw new CalibrationException($"{bus.Port}: servo {joint.Id} ({joint}) did not take its calibration");
        }
    }

    private static (Register Register, int Value)[] Values(JointCalibration calibration) =>
    [
        (Sts3215.HomingOffset, calibration.HomingOffset),
        (Sts3215.MinPositionLimit, calibration.RangeMin),
        (Sts3215.MaxPositionLimit, calibration.RangeMax),
    ];
}
