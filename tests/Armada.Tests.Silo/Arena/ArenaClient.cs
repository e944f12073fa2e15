using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Armada.Testing;

namespace Armada.Tests.Silo.Arena;

/// <summary>A client at one of the doors: keeps what it is told until the test asks for it.</summary>
internal sealed class ArenaClient : IAsyncDisposable
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

    public static Task<ArenaClient> MasterAsync(Uri silo, string robot, string query = "", string? key = null) =>
        ConnectAsync(silo, $"/ws/master/{robot}?{query}", key);

    public static Task<ArenaClient> SlaveAsync(Uri silo, string robot, string query = "", string? key = null) =>
        ConnectAsync(silo, $"/ws/slave/{robot}?{query}", key);

    public Task CommandAsync(string joint, double value, double? speed = null) =>
        SendAsync(new { type = "command", timestamp = "2025-06-02T09:00:00Z", data = new { joints = new[] { new { name = joint, value, speed } } } });

    public Task SendAsync(object message) => SendTextAsync(System.Text.Json.JsonSerializer.Serialize(message));

    public Task SendTextAsync(string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    public Task SendBytesAsync(byte[] bytes, WebSocketMessageType type, bool end = true) =>
        socket.SendAsync(bytes, type, end, CancellationToken.None);

    /// <summary>Waits for a message of a type, told before or after the call, and gives the newest.</summary>
    public async Task<JsonNode> HearsAsync(string type, Func<JsonNode, bool>? wanted = null)
    {
        JsonNode? found = null;
        await Eventually.Holds(
            () => $"the client is told a {type}; it was told {string.Join('\n', messages.TakeLast(8).Select(message => message.ToJsonString()))}",
            () => (found = messages.LastOrDefault(message => message["type"]!.GetValue<string>() == type && wanted?.Invoke(message) != false)) is not null);
        return found!;
    }

    /// <summary>Waits for an error with this code, and gives its words.</summary>
    public async Task<string> HearsErrorAsync(string code) =>
        (await HearsAsync("error", error => error["data"]!["code"]!.GetValue<string>() == code))["data"]!["message"]!.GetValue<string>();

    /// <summary>Waits until a joint is commanded to a place.</summary>
    public Task HearsCommandAsync(string joint, double value) =>
        HearsAsync("command", command => Math.Abs((ValueIn(command, joint) ?? double.NaN) - value) < 0.01);

    /// <summary>Waits until the silo closes the socket with this code.</summary>
    public Task ClosesWithAsync(int code) => Eventually.Holds(() => $"the client is closed with {code}; it was with {ClosedWith}", () => ClosedWith == code);

    public int CountOf(string type) => messages.Count(message => message["type"]!.GetValue<string>() == type);

    /// <summary>A joint's value in a command, or null.</summary>
    public static double? ValueIn(JsonNode command, string joint) =>
        command["data"]!["joints"]!.AsArray().FirstOrDefault(item => item!["name"]!.GetValue<string>() == joint)?["value"]!.GetValue<double>();

    /// <summary>Says goodbye, where the silo has not yet.</summary>
    public async Task LeaveAsync()
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // The silo was quicker.
        }

        await Eventually.Happens("the client's connection ends", reading);
    }

    /// <summary>Goes without a word.</summary>
    public void Vanish() => socket.Abort();

    public async ValueTask DisposeAsync()
    {
        socket.Abort();
        await reading;
        socket.Dispose();
    }

    private static async Task<ArenaClient> ConnectAsync(Uri silo, string path, string? key)
    {
        var client = new ArenaClient();
        if (key is not null)
            client.socket.Options.SetRequestHeader("Authorization", $"Bearer {key}");
        await client.socket.ConnectAsync(new UriBuilder(new Uri(silo, path)) { Scheme = "ws" }.Uri, CancellationToken.None);
        client.reading = client.ReadAsync();
        return client;
    }

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
