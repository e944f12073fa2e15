using System.Collections.Immutable;

namespace Armada.Devices.Arms;

/// <param name="Scale">The unit Armada gives it: degrees, or percent for the gripper.</param>
public sealed record ArmJoint(byte Id, string Name, JointScale Scale)
{
    /// <summary>The six joints of SO-100 and SO-101 arms, leaders and followers, in the order of frames.</summary>
    public static ImmutableArray<ArmJoint> All { get; } =
    [
        new(1, "shoulder_pan", JointScale.Degrees),
        new(2, "shoulder_lift", JointScale.Degrees),
        new(3, "elbow_flex", JointScale.Degrees),
        new(4, "wrist_flex", JointScale.Degrees),
        new(5, "wrist_roll", JointScale.Degrees),
        new(6, "gripper", JointScale.Percent),
    ];

    public const int Count = 6;
    public const int Gripper = 5;

    public override string ToString() => Name;
}

public enum JointScale
{
    Degrees, // Degrees from the middle of the range, not clamped.
    Percent, // 0 (closed) to 100 (open) over the range: grippers.
}

/// <summary>A set of joints of one arm, by index.</summary>
/// <param name="Bits">Bit i for joint i.</param>
public readonly record struct JointSet(uint Bits)
{
    public bool IsEmpty => Bits == 0;

    public bool Contains(int joint) => (Bits & (1u << joint)) != 0;

    public JointSet With(int joint) => new(Bits | (1u << joint));

    public JointSet Without(int joint) => new(Bits & ~(1u << joint));

    public bool Overlaps(JointSet other) => (Bits & other.Bits) != 0;

    public JointSet Union(JointSet other) => new(Bits | other.Bits);

    public JointSet Except(JointSet other) => new(Bits & ~other.Bits);

    public override string ToString()
    {
        var set = this;
        return string.Join(", ", ArmJoint.All.Where((_, joint) => set.Contains(joint)).Select(joint => joint.Name));
    }
}

public enum ArmRole
{
    Leader, // Moved by hand, torque off.
    Follower, // Driven.
}

/// <summary>A kind of arm, by the name it has in configuration and on the wire.</summary>
public sealed record ArmKind(string Name, string Model, ArmRole Role)
{
    /// <summary>All kinds. An SO-100 differs from an SO-101 in its parts, not in its servos, ids or formulas.</summary>
    public static ImmutableArray<ArmKind> All { get; } =
    [
        new("so101-leader", "so101", ArmRole.Leader),
        new("so101-follower", "so101", ArmRole.Follower),
        new("so100-leader", "so100", ArmRole.Leader),
        new("so100-follower", "so100", ArmRole.Follower),
    ];

    public bool IsLeader => Role == ArmRole.Leader;

    public static ArmKind? Find(string name) => All.FirstOrDefault(kind => kind.Name == name);

    public override string ToString() => Name;
}
