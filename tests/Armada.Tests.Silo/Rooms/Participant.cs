using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Rooms;

/// <summary>A participant of a room.</summary>
internal sealed class Participant : JsonClient
{
    /// <summary>Connects and says nothing yet.</summary>
    /// <param name="silo">Address of the silo.</param>
    /// <param name="workspace">Workspace id.</param>
    /// <param name="room">Room id.</param>
    /// <param name="reads">Whether it takes what it is sent; one that does not answers no pings either.</param>
    /// <param name="headers">What its request brings.</param>
    public static async Task<Participant> ConnectAsync(
        Uri silo, string workspace, string room, bool reads = true, params (string Name, string Value)[] headers)
    {
        var participant = new Participant();
        await participant.ConnectAsync(silo, $"/robotics/workspaces/{workspace}/rooms/{room}/ws", reads, headers);
        return participant;
    }

    /// <summary>Connects and asks to be let in.</summary>
    public static async Task<Participant> AskAsync(
        Uri silo, string workspace, string room, string role, string id, bool takeover = false, bool presence = false)
    {
        var participant = await ConnectAsync(silo, workspace, room);
        await participant.SendAsync(new { participant_id = id, role, takeover, presence });
        return participant;
    }

    /// <summary>Connects and is let in.</summary>
    public static async Task<Participant> JoinAsync(
        Uri silo, string workspace, string room, string role, string id, bool takeover = false, bool presence = false)
    {
        var participant = await AskAsync(silo, workspace, room, role, id, takeover, presence);
        await participant.HearsAsync("joined");
        return participant;
    }

    public Task MoveAsync(params (string Name, double Value)[] joints) =>
        SendAsync(new { type = "joint_update", data = joints.Select(joint => new { name = joint.Name, value = joint.Value }) });

    /// <summary>Waits for an error with this code.</summary>
    public Task<JsonNode> HearsErrorAsync(string code) => HearsAsync("error", error => error["code"]?.GetValue<string>() == code);

    /// <summary>Waits until what it was told of a joint, all together, says that it is there.</summary>
    public Task SeesAsync(string joint, double value) => Eventually.Holds(
        () => $"{joint} is at {value}; it is at {Sees(joint)}", () => Math.Abs((Sees(joint) ?? double.NaN) - value) < 0.01);

    /// <summary>Where a joint is, by all it was told; null where it was told nothing.</summary>
    public double? Sees(string joint)
    {
        double? seen = null;
        foreach (var message in Messages)
        {
            seen = TypeOf(message) switch
            {
                "state_sync" => message["data"]![joint]?.GetValue<double>() ?? seen,
                "joint_update" => message["data"]!.AsArray().LastOrDefault(item => item!["name"]!.GetValue<string>() == joint)?["value"]!.GetValue<double>() ?? seen,
                _ => seen,
            };
        }

        return seen;
    }
}
