using Armada.Devices.Arms;
using Armada.Devices.ServoBus;

namespace Armada.Devices.Calibration;

/// <summary>One joint's calibration, with LeRobot's fields and LeRobot's formulas.</summary>
/// <param name="Id">The servo's id.</param>
/// <param name="DriveMode">1: the joint counts the other way round; 0 in every file LeRobot writes for these arms.</param>
/// <param name="HomingOffset">Steps; present position = actual position − this.</param>
/// <param name="RangeMin">Steps; one end of the joint's travel.</param>
/// <param name="RangeMax">Steps; the other, greater.</param>
public sealed record JointCalibration(byte Id, int DriveMode, int HomingOffset, int RangeMin, int RangeMax)
{
    // LeRobot divides by resolution − 1. Operations stand in its order, so that truncation falls alike.
    private const int StepsPerCircle = Sts3215.StepsPerTurn - 1;

    private double Middle => (RangeMin + RangeMax) / 2.0;

    private int Span => RangeMax - RangeMin;

    /// <summary>Steps to units. Degrees are not clamped and know no drive mode; the others are clamped to the range.</summary>
    public double Normalize(int steps, JointScale scale)
    {
        switch (scale)
        {
            case JointScale.Degrees:
                return (steps - Middle) * 360 / StepsPerCircle;
            case JointScale.Percent:
                var percent = (Clamp(steps) - RangeMin) / (double)Span * 100;
                return DriveMode == 0 ? percent : 100 - percent;
            default:
                var value = (Clamp(steps) - RangeMin) / (double)Span * 200 - 100;
                return DriveMode == 0 ? value : -value;
        }
    }

    /// <summary>
    /// Units to steps, truncated towards zero. Degrees are not clamped: the result may lie outside the range and below zero.
    /// </summary>
    /// <param name="value">Units; not NaN.</param>
    /// <param name="scale">Which units.</param>
    public int Denormalize(double value, JointScale scale)
    {
        switch (scale)
        {
            case JointScale.Degrees:
                return (int)(value * StepsPerCircle / 360 + Middle);
            case JointScale.Percent:
                var percent = Math.Clamp(DriveMode == 0 ? value : 100 - value, 0, 100);
                return (int)(percent / 100 * Span + RangeMin);
            default:
                var bounded = Math.Clamp(DriveMode == 0 ? value : -value, -100, 100);
                return (int)((bounded + 100) / 200 * Span + RangeMin);
        }
    }

    /// <summary>Steps kept within the range.</summary>
    public int Clamp(int steps) => Math.Clamp(steps, RangeMin, RangeMax);

    /// <summary>What makes this calibration unusable, or null.</summary>
    internal string? Fault()
    {
        if (RangeMin >= RangeMax)
            return $"range_min {RangeMin} is not below range_max {RangeMax}";
        if (RangeMin < 0)
            return $"range_min {RangeMin} is below 0";
        if (RangeMax > Sts3215.MaxPositionLimit.Maximum)
            return $"range_max {RangeMax} is over {Sts3215.MaxPositionLimit.Maximum}";
        if (Math.Abs((long)HomingOffset) > Sts3215.HomingOffset.Maximum)
            return $"homing_offset {HomingOffset} is outside ±{Sts3215.HomingOffset.Maximum}";
        return DriveMode is 0 or 1 ? null : $"drive_mode {DriveMode} is neither 0 nor 1";
    }
}
