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
    public static JointCalibration? TryRead(FeetechBus bus, ArmJoint joint, CancellationToken cancellation) =>
        bus.Read(joint.Id, Sts3215.HomingOffset, cancellation) is { IsOk: true } homing
        && bus.Read(joint.Id, Sts3215.MinPositionLimit, cancellation) is { IsOk: true } least
        && bus.Read(joint.Id, Sts3215.MaxPositionLimit, cancellation) is { IsOk: true } most
            ? new JointCalibration(joint.Id, DriveMode: 0, homing.Value, least.Value, most.Value)
            : null;

    /// <summary>Compares it with a file's, as LeRobot does at connect. Servos that are silent are passed over.</summary>
    public static ImmutableArray<CalibrationMismatch> Compare(FeetechBus bus, ArmCalibration file, CancellationToken cancellation)
    {
        var mismatches = ImmutableArray.CreateBuilder<CalibrationMismatch>();
        foreach (var (joint, calibration) in ArmJoint.All.Zip(file.Joints))
        {
            foreach (var (register, wanted) in Values(calibration))
            {
                var found = bus.Read(joint.Id, register, cancellation);
                if (!found.IsOk)
                    break;
                if (found.Value != wanted)
                    mismatches.Add(new CalibrationMismatch(joint, register, wanted, found.Value));
            }
        }

        return mismatches.ToImmutable();
    }

    /// <summary>Writes a file's calibration into some servos, only where it differs, and with the torque of those off: the arm must be
    /// supported.</summary>
    /// <exception cref="CalibrationException">A servo did not take it; the servos before it have.</exception>
    public static void Write(FeetechBus bus, ArmCalibration file, IEnumerable<ArmJoint> joints, CancellationToken cancellation)
    {
        foreach (var (joint, calibration) in ArmJoint.All.Zip(file.Joints).Where(pair => joints.Contains(pair.First)))
        {
            if (!ServoSettings.Apply(bus, joint.Id, Values(calibration), torqueOff: true, cancellation))
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
