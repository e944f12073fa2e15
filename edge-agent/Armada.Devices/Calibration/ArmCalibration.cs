using System.Collections.Immutable;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;

namespace Armada.Devices.Calibration;

/// <summary>The calibration of a whole arm: each joint of <see cref="ArmJoint.All"/>, in that order, checked.</summary>
public sealed class ArmCalibration
{
    /// <param name="source">File or port, for messages.</param>
    /// <exception cref="CalibrationException">One of them cannot be used.</exception>
    public ArmCalibration(string source, ImmutableArray<JointCalibration> joints)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(joints.Length, ArmJoint.Count, nameof(joints));
        foreach (var (joint, calibration) in ArmJoint.All.Zip(joints))
            Check(source, joint, calibration);
        Source = source;
        Joints = joints;
    }

    private ArmCalibration(string source, bool isServosOwn, ImmutableArray<JointCalibration> joints) =>
        (Source, IsServosOwn, Joints) = (source, isServosOwn, joints);

    /// <summary>The one that the servos themselves keep; an arm reads it servo by servo as it starts.</summary>
    /// <param name="port">Where the servos are, for messages.</param>
    public static ArmCalibration OfServos(string port) =>
        new(port, isServosOwn: true, [.. ArmJoint.All.Select(joint => new JointCalibration(joint.Id, 0, 0, 0, Sts3215.StepsPerTurn - 1))]);

    /// <summary>Whether an arm is to read it from its servos.</summary>
    public bool IsServosOwn { get; }

    public string Source { get; }
    public ImmutableArray<JointCalibration> Joints { get; }

    /// <summary>The same with what one servo keeps.</summary>
    /// <exception cref="CalibrationException">It cannot be used.</exception>
    internal ArmCalibration With(int joint, JointCalibration own)
    {
        Check(Source, ArmJoint.All[joint], own);
        return new ArmCalibration(Source, IsServosOwn, Joints.SetItem(joint, own));
    }

    private static void Check(string source, ArmJoint joint, JointCalibration calibration)
    {
        if (calibration.Id != joint.Id)
            throw new CalibrationException($"{source}: {joint}: id is {calibration.Id}, but this joint's servo is {joint.Id}");
        if (calibration.Fault(joint) is { } fault)
            throw new CalibrationException($"{source}: {joint}: {fault}; calibrate this arm again, as with lerobot-calibrate");
    }
}

/// <summary>One joint's calibration, with LeRobot's fields and LeRobot's formulas.</summary>
/// <param name="DriveMode">1: the joint counts the other way round; 0 in every file LeRobot writes for these arms.</param>
/// <param name="HomingOffset">Steps; present position = actual position − this.</param>
/// <param name="RangeMin">Steps; one end of the joint's travel.</param>
/// <param name="RangeMax">Steps; the other, greater.</param>
public sealed record JointCalibration(byte Id, int DriveMode, int HomingOffset, int RangeMin, int RangeMax)
{
    // LeRobot divides by resolution − 1. Operations stand in its order, so that truncation falls alike.
    private const int StepsPerCircle = Sts3215.StepsPerTurn - 1;

    // No joint of these arms turns less, nor any but the roll of the wrist more: 22 and 308 degrees.
    private const int MinSpan = 256;
    private const int MaxSpan = 3500;
    private const string WholeTurn = "wrist_roll";

    private double Middle => (RangeMin + RangeMax) / 2.0;

    private int Span => RangeMax - RangeMin;

    /// <summary>Steps to units. Degrees are not clamped and know no drive mode; percent are clamped to the range.</summary>
    public double Normalize(int steps, JointScale scale)
    {
        if (scale == JointScale.Degrees)
            return (steps - Middle) * 360 / StepsPerCircle;
        var percent = (Clamp(steps) - RangeMin) / (double)Span * 100;
        return DriveMode == 0 ? percent : 100 - percent;
    }

    /// <summary>Units to steps, truncated towards zero. Degrees are not clamped: the result may lie outside the range and below
    /// zero.</summary>
    /// <param name="value">Units; not NaN.</param>
    public int Denormalize(double value, JointScale scale)
    {
        if (scale == JointScale.Degrees)
            return (int)(value * StepsPerCircle / 360 + Middle);
        var percent = Math.Clamp(DriveMode == 0 ? value : 100 - value, 0, 100);
        return (int)(percent / 100 * Span + RangeMin);
    }

    public int Clamp(int steps) => Math.Clamp(steps, RangeMin, RangeMax);

    /// <summary>What makes this calibration unusable, or null.</summary>
    internal string? Fault(ArmJoint joint)
    {
        if (RangeMin >= RangeMax)
            return $"range_min {RangeMin} is not below range_max {RangeMax}";
        if (RangeMin < 0)
            return $"range_min {RangeMin} is below 0";
        if (RangeMax > StepsPerCircle)
            return $"range_max {RangeMax} is over {StepsPerCircle}, the last step of a turn";
        if (Span < MinSpan)
            return $"from range_min {RangeMin} to range_max {RangeMax} are {Span} steps, too few for a joint that was moved to both of its ends";
        if (Span > MaxSpan && joint.Name != WholeTurn)
            return $"from range_min {RangeMin} to range_max {RangeMax} is more than this joint turns{(HomingOffset == 0 ? ": its servo is as it left the factory" : "")}";
        if (Math.Abs((long)HomingOffset) > Sts3215.HomingOffset.Maximum)
            return $"homing_offset {HomingOffset} is outside ±{Sts3215.HomingOffset.Maximum}";
        if (DriveMode is not (0 or 1))
            return $"drive_mode {DriveMode} is neither 0 nor 1";
        return DriveMode == 1 && joint.Scale == JointScale.Degrees
            ? "drive_mode 1 has no effect on a joint in degrees, so that it may turn the wrong way"
            : null;
    }
}
