namespace Armada.EdgeAgent.Configuration;

/// <summary>What a device kind's name says: the robot model and which end of it.</summary>
/// <param name="Model">Model name, such as so101.</param>
/// <param name="IsLeader">Moved by hand; otherwise driven.</param>
public sealed record DeviceRole(string Model, bool IsLeader)
{
    /// <summary>Every kind an agent can run.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["so100-leader", "so100-follower", "so101-leader", "so101-follower"];

    /// <summary>The role of a kind; null where it is unknown.</summary>
    public static DeviceRole? Of(string kind)
    {
        if (!Kinds.Contains(kind))
            return null;
        var dash = kind.IndexOf('-', StringComparison.Ordinal);
        return new DeviceRole(kind[..dash], kind[(dash + 1)..] == "leader");
    }
}
