using System.Text.Json.Nodes;

namespace Armada.Up.Stage;

/// <summary>A robot as the silo's REST door shows it, as far as the job reads it.</summary>
internal sealed class RobotView(JsonObject robot)
{
    /// <summary>Where the master's lease stands.</summary>
    public string MasterState => Text(robot["master"], "state");

    /// <summary>Where the slave stands.</summary>
    public string SlaveState => Text(Slave, "state");

    /// <summary>Whether the slave still moves slowly towards the master's pose.</summary>
    public bool Approaching => Slave?["approaching"]?.GetValue<bool>() ?? false;

    private JsonNode? Slave => robot["slaves"] is JsonArray { Count: > 0 } slaves ? slaves[0] : null;

    private static string Text(JsonNode? node, string member) => node?[member]?.GetValue<string>() ?? "unknown";
}

/// <summary>The fleet as the silo's REST door shows it, as far as the job reads it.</summary>
/// <param name="Routed">Leader frames routed since the silo started.</param>
/// <param name="Dropped">Frames dropped since then, by reason.</param>
internal sealed record FleetView(long Routed, IReadOnlyDictionary<string, long> Dropped)
{
    /// <summary>Reads the silo's answer.</summary>
    public static FleetView Of(JsonObject fleet) => new(
        fleet["frames_routed"]!.GetValue<long>(),
        fleet["frames_dropped"]!.AsObject().ToDictionary(reason => reason.Key, reason => reason.Value!.GetValue<long>()));
}
