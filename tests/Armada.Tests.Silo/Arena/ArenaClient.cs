using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Arena;

/// <summary>A client at the master or the slave endpoint of a robot.</summary>
internal sealed class ArenaClient : JsonClient
{
    public static Task<ArenaClient> MasterAsync(Uri silo, string robot, string query = "", string? key = null) =>
        ConnectAsync(silo, $"/ws/master/{robot}?{query}", key);

    public static Task<ArenaClient> SlaveAsync(Uri silo, string robot, string query = "", string? key = null) =>
        ConnectAsync(silo, $"/ws/slave/{robot}?{query}", key);

    public Task CommandAsync(string joint, double value, double? speed = null) =>
        SendAsync(new { type = "command", timestamp = "2025-06-02T09:00:00Z", data = new { joints = new[] { new { name = joint, value, speed } } } });

    /// <summary>Waits for an error with this code, and gives its words.</summary>
    public async Task<string> HearsErrorAsync(string code) =>
        (await HearsAsync("error", error => error["data"]!["code"]!.GetValue<string>() == code))["data"]!["message"]!.GetValue<string>();

    /// <summary>Waits until a joint is commanded to a place.</summary>
    public Task HearsCommandAsync(string joint, double value) =>
        HearsAsync("command", command => Math.Abs((ValueIn(command, joint) ?? double.NaN) - value) < 0.01);

    /// <summary>A joint's value in a command, or null.</summary>
    public static double? ValueIn(JsonNode command, string joint) =>
        command["data"]!["joints"]!.AsArray().FirstOrDefault(item => item!["name"]!.GetValue<string>() == joint)?["value"]!.GetValue<double>();

    // Until it has joined, which the joints tell it, nothing that happens to the robot reaches it.
    private static async Task<ArenaClient> ConnectAsync(Uri silo, string path, string? key)
    {
        var client = new ArenaClient();
        await client.ConnectAsync(silo, path, reads: true, key is null ? [] : [("Authorization", $"Bearer {key}")]);
        await Eventually.Holds(() => "the client is told something, or closed", () => client.Messages.Count > 0 || client.HasEnded);
        return client;
    }
}
