using System.Collections.Immutable;

namespace Armada.Core.Robots;

/// <summary>The unit of a joint's position.</summary>
public enum JointUnit
{
    /// <summary>Degrees.</summary>
    Degree,

    /// <summary>Percent, 0 closed to 100 open.</summary>
    Percent,
}

/// <summary>How a joint moves, in URDF's words.</summary>
public enum JointMotion
{
    /// <summary>Turns between two stops.</summary>
    Revolute,

    /// <summary>Turns without stops; commanded in position all the same.</summary>
    Continuous,
}

/// <summary>One joint of a robot and what it may do.</summary>
/// <param name="Name">Canonical name, such as shoulder_pan.</param>
/// <param name="Unit">Unit of every position below.</param>
/// <param name="Min">Lowest position commanded.</param>
/// <param name="Max">Highest position commanded.</param>
/// <param name="MaxVelocity">Fastest commanded change, units per second.</param>
/// <param name="Rest">Rest position.</param>
/// <param name="Motion">How it moves.</param>
/// <param name="ServoId">Id of its servo, 0 to 252, or null where nobody said.</param>
[GenerateSerializer, Immutable, Alias("armada.joint")]
public sealed record Joint(
    [Id(0)] string Name,
    [Id(1)] JointUnit Unit,
    [Id(2)] double Min,
    [Id(3)] double Max,
    [Id(4)] double MaxVelocity,
    [Id(5)] double Rest,
    [Id(6)] JointMotion Motion = JointMotion.Revolute,
    [Id(7)] int? ServoId = null)
{
    /// <summary>Index of the joint whose positions mean the same as those of this one: name and unit agree; -1 where there is none.</summary>
    internal static int IndexOfSame(ReadOnlySpan<Joint> joints, Joint joint)
    {
        for (var index = 0; index < joints.Length; index++)
        {
            if (joints[index].Name == joint.Name && joints[index].Unit == joint.Unit)
                return index;
        }

        return -1;
    }
}

/// <summary>A kind of robot: its joints in the order of its frames.</summary>
/// <param name="Name">Such as so101.</param>
/// <param name="Joints">1 to 32 joints.</param>
[GenerateSerializer, Immutable, Alias("armada.robot.model")]
public sealed record RobotModel([Id(0)] string Name, [Id(1)] ImmutableArray<Joint> Joints)
{
    /// <summary>Index of a joint by its canonical name or, on an SO arm, by Arena's; -1 where there is none.</summary>
    public int Find(string name) => JointNames.Find(Joints.AsSpan(), name);

    public bool Equals(RobotModel? other) =>
        other is not null && Name == other.Name && Joints.AsSpan().SequenceEqual(other.Joints.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Name, Joints.Length);
}
