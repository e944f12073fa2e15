using System.Collections.Immutable;

namespace Armada.Domain.Robots;

/// <summary>The unit of a joint's position.</summary>
public enum JointUnit
{
    /// <summary>Degrees.</summary>
    Degree,

    /// <summary>Percent, 0 closed to 100 open.</summary>
    Percent,
}

/// <summary>One joint of a robot and what it may do.</summary>
/// <param name="Name">Canonical name, such as shoulder_pan.</param>
/// <param name="Unit">Unit of every position below.</param>
/// <param name="Min">Lowest position commanded.</param>
/// <param name="Max">Highest position commanded.</param>
/// <param name="MaxVelocity">Fastest commanded change, units per second.</param>
/// <param name="Rest">Rest position.</param>
public sealed record Joint(string Name, JointUnit Unit, double Min, double Max, double MaxVelocity, double Rest);

/// <summary>A kind of robot: its joints in the order of its frames.</summary>
/// <param name="Name">Such as so101.</param>
/// <param name="Joints">1 to 32 joints.</param>
public sealed record RobotModel(string Name, ImmutableArray<Joint> Joints);
