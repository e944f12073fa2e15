using System.Collections.Immutable;

namespace Armada.Devices.Arms;

/// <summary>What an arm is for.</summary>
public enum ArmRole
{
    /// <summary>Moved by hand, torque off.</summary>
    Leader,

    /// <summary>Driven.</summary>
    Follower,
}

/// <summary>A kind of arm, by the name it has in configuration and on the wire.</summary>
/// <param name="Name">Such as "so101-leader".</param>
/// <param name="Model">Such as "so101".</param>
/// <param name="Role">What it is for.</param>
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

    /// <summary>The kind with a name, or null.</summary>
    public static ArmKind? Find(string name) => All.FirstOrDefault(kind => kind.Name == name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
