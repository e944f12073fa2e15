using Armada.Core.Robots;

namespace Armada.Core.Routing;

public static class JointLimits
{
    /// <summary>A position within the joint's limits; NaN, "leave it", for whatever is not finite.</summary>
    public static double Clamp(Joint joint, double position) =>
        double.IsFinite(position) ? Math.Clamp(position, joint.Min, joint.Max) : double.NaN;
}

internal static class Reading
{
    public static double? OrNull(double position) => double.IsFinite(position) ? position : null;
}
