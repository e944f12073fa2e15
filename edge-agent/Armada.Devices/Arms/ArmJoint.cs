using System.Collections.Immutable;

namespace Armada.Devices.Arms;

/// <summary>One joint of an arm.</summary>
/// <param name="Id">Its servo's id on the bus.</param>
/// <param name="Name">Its name in LeRobot.</param>
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

    /// <summary>How many there are.</summary>
    public const int Count = 6;

    /// <summary>Which of them is the gripper.</summary>
    public const int Gripper = 5;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The units LeRobot measures joints in.</summary>
public enum JointScale
{
    /// <summary>Degrees from the middle of the range, not clamped.</summary>
    Degrees,

    /// <summary>−100 to 100 over the range: body joints in LeRobot up to 0.4.3, and data recorded with it.</summary>
    PlusMinus100,

    /// <summary>0 (closed) to 100 (open) over the range: grippers.</summary>
    Percent,
}
