namespace Armada.Core.Robots;

public enum JointUnit
{
    Degree,

    /// <summary>0 closed to 100 open.</summary>
    Percent,
}

/// <summary>As URDF names them.</summary>
public enum JointMotion
{
    /// <summary>Turns between two stops.</summary>
    Revolute,

    /// <summary>Turns without stops; commanded in position all the same.</summary>
    Continuous,
}

/// <param name="Name">Canonical, such as shoulder_pan.</param>
/// <param name="Unit">Of all positions of the joint.</param>
/// <param name="Min">Lowest position commanded.</param>
/// <param name="Max">Highest position commanded.</param>
/// <param name="MaxVelocity">Units per second.</param>
/// <param name="ServoId">0 to 252, or null where unknown.</param>
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
    /// <summary>Index of the joint with the same name and unit, or -1.</summary>
    internal static int IndexOfSame(ReadOnlySpan<Joint> joints, Joint joint)
    {
        var index = JointNames.IndexOf(joints, joint.Name);
        return index >= 0 && joints[index].Unit == joint.Unit ? index : -1;
    }
}

/// <summary>A kind of robot: its joints in the order of its frames.</summary>
/// <param name="Name">Such as so101.</param>
/// <param name="Joints">1 to 32 joints.</param>
[GenerateSerializer, Immutable, Alias("armada.robot.model")]
public sealed record RobotModel([Id(0)] string Name, [Id(1)] ImmutableArray<Joint> Joints)
{
    /// <summary>Index of a joint by its canonical name or, on an SO arm, Arena's; otherwise -1.</summary>
    public int Find(string name) => JointNames.Find(Joints.AsSpan(), name);

    public bool Equals(RobotModel? other) =>
        other is not null && Name == other.Name && Joints.AsSpan().SequenceEqual(other.Joints.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Name, Joints.Length);
}
