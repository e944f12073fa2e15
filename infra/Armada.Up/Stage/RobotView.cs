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

    /// <summary>Commands sent to the slave since it was bound.</summary>
    public long Commands => Slave?["commands"]?.GetValue<long>() ?? 0;

    private JsonNode? Slave => robot["slaves"] is JsonArray { Count: > 0 } slaves ? slaves[0] : null;

    /// <summary>
    /// Frames of master and slave the silo dropped, for whatever reason; those that only came before an epoch had reached their source are no loss.
    /// </summary>
    public long Dropped => DroppedOf(robot["master"]) + DroppedOf(Slave);

    private static long DroppedOf(JsonNode? side) =>
        side?["frames"] is JsonObject frames
            ? frames.Where(count => count.Key is not ("accepted" or "awaiting_epoch")).Sum(count => count.Value!.GetValue<long>())
            : 0;

    private static string Text(JsonNode? node, string member) => node?[member]?.GetValue<string>() ?? "unknown";
}
