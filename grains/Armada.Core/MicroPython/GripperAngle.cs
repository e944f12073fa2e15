namespace Armada.Core.MicroPython;

/// <summary>
/// The gripper, which the dialect tells in degrees of its servo and Armada in percent. From the SO-101's URDF: closed at -10°, open at
/// 100°; of an arm that is mounted otherwise, the slave's offset makes up for the difference.
/// </summary>
public static class GripperAngle
{
    private const double Closed = -10;
    private const double Open = 100;

    /// <summary>Degrees to percent, not clamped; NaN stays NaN.</summary>
    public static double ToPercent(double degrees) => (degrees - Closed) / (Open - Closed) * 100;

    /// <summary>Percent to degrees, not clamped; NaN stays NaN.</summary>
    public static double ToDegrees(double percent) => Closed + (percent / 100 * (Open - Closed));
}
