using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Armada.Testing;

namespace Armada.Tests.Silo.Rooms;

/// <summary>A participant of a room over a real WebSocket; keeps what it is told until the test asks for it.</summary>
internal sealed class Participant : IAsyncDisposable
{
    private readonly ClientWebSocket socket = new();
    private readonly ConcurrentQueue<JsonNode> messages = new();
    private Task reading = Task.CompletedTask;

    /// <summary>Everything it was told so far.</summary>
    public IReadOnlyCollection<JsonNode> Messages => messages;

    /// <summary>Code that the silo closed it with, once it has.</summary>
    public int? ClosedWith { get; private set; }

    /// <summary>Whether the connection has ended, in whatever way.</summary>
    public bool HasEnded => reading.IsCompleted;

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
        foreach (var (name, value) in headers)
            participant.socket.Options.SetRequestHeader(name, value);
        var address = new Uri(silo, $"/robotics/workspaces/{workspace}/rooms/{room}/ws");
        await participant.socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws" }.Uri, CancellationToken.None);
        if (reads)
            participant.reading = participant.ReadAsync();
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

    public Task SendAsync(object message) => SendTextAsync(JsonSerializer.Serialize(message));

    public Task SendTextAsync(string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>Waits for a message of a type, told before or after the call, and gives the newest.</summary>
    public async Task<JsonNode> HearsAsync(string type, Func<JsonNode, bool>? wanted = null)
    {
        JsonNode? found = null;
        await Eventually.Holds(
            () => $"the participant is told a {type}; it was told {string.Join('\n', messages.TakeLast(8).Select(message => message.ToJsonString()))}",
            () => (found = messages.LastOrDefault(message => TypeOf(message) == type && wanted?.Invoke(message) != false)) is not null);
        return found!;
    }

    /// <summary>Waits for an error with this code.</summary>
    public Task<JsonNode> HearsErrorAsync(string code) => HearsAsync("error", error => error["code"]?.GetValue<string>() == code);

    /// <summary>Waits until what it was told of a joint, all together, says that it is there.</summary>
    public Task SeesAsync(string joint, double value) => Eventually.Holds(
        () => $"{joint} is at {value}; it is at {Sees(joint)}", () => Math.Abs((Sees(joint) ?? double.NaN) - value) < 0.01);

    /// <summary>Where a joint is, by all it was told; null where it was told nothing.</summary>
    public double? Sees(string joint)
    {
        double? seen = null;
        foreach (var message in messages)
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

    /// <summary>Waits until the silo closes the socket with this code.</summary>
    public Task ClosesWithAsync(int code) => Eventually.Holds(() => $"it is closed with {code}; it was with {ClosedWith}", () => ClosedWith == code);

    /// <summary>How often it was told a type.</summary>
    public int CountOf(string type) => messages.Count(message => TypeOf(message) == type);

    /// <summary>Says goodbye.</summary>
    public async Task LeaveAsync()
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        await Eventually.Happens("the connection ends", reading);
    }

    public async ValueTask DisposeAsync()
    {
        socket.Abort();
        await reading;
        socket.Dispose();
    }

    private static string TypeOf(JsonNode message) => message["type"]!.GetValue<string>();

    private async Task ReadAsync()
    {
        var buffer = new byte[128 * 1024];
        var length = 0;
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close)
                    break;
                length += part.Count;
                if (!part.EndOfMessage)
                    continue;
                messages.Enqueue(JsonNode.Parse(buffer.AsSpan(0, length))!);
                length = 0;
            }

            ClosedWith = (int?)socket.CloseStatus;
            if (socket.State == WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        }
        catch (Exception lost) when (lost is WebSocketException or OperationCanceledException)
        {
            // Gone without a word.
        }
    }
}
