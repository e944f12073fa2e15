using System.Text.Json.Nodes;

namespace Armada.Up.Stage;

/// <summary>One arm of the job and the agent that serves it.</summary>
/// <param name="Device">Device name.</param>
/// <param name="Kind">Device kind, such as so101-leader.</param>
/// <param name="Port">Serial port.</param>
/// <param name="Calibration">Calibration file, or "eeprom" for what the servos hold.</param>
internal sealed record Arm(string Device, string Kind, string Port, string Calibration)
{
    /// <summary>Writes the configuration of this arm's agent and returns its path.</summary>
    public string WriteAgentFile(Workspace workspace, int brokerPort) => workspace.Write($"agent-{Device}.json", new JsonObject
    {
        ["broker"] = new JsonObject { ["host"] = "127.0.0.1", ["port"] = brokerPort, ["tls"] = Tls() },
        ["control_socket"] = workspace.Path($"agent-{Device}.sock"),
        ["devices"] = new JsonArray(new JsonObject
        {
            ["name"] = Device,
            ["kind"] = Kind,
            ["port"] = Port,
            ["calibration"] = Calibration,
        }),
    }.ToString());

    // As the bundle names its files.
    private static JsonObject Tls() =>
        new() { ["ca"] = "ca.pem", ["certificate"] = "{device}.pem", ["key"] = "{device}.key" };
}
