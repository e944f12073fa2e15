using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Armada.Testing;

namespace Armada.Tests.Silo.Support;

/// <summary>A client over a real WebSocket that speaks JSON; keeps what it is told until the test asks for it.</summary>
internal abstract class JsonClient : IAsyncDisposable
{
    private readonly ClientWebSocket socket = new();
    private readonly ConcurrentQueue<JsonNode> messages = new();
    private Task reading = Task.CompletedTask;
    private volatile bool isGone;

    /// <summary>Everything it was told so far.</summary>
    public IReadOnlyCollection<JsonNode> Messages => messages;

    /// <summary>Code that the silo closed it with, once it has.</summary>
    public int? ClosedWith { get; private set; }

    /// <summary>Whether the connection has ended, in whatever way.</summary>
    public bool HasEnded => reading.IsCompleted;

    public static string TypeOf(JsonNode message) => message["type"]!.GetValue<string>();

    public Task SendAsync(object message) => SendTextAsync(JsonSerializer.Serialize(message));

    public Task SendTextAsync(string text) => SendBytesAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

    public Task SendBytesAsync(byte[] bytes, WebSocketMessageType type, bool end = true) => socket.SendAsync(bytes, type, end, CancellationToken.None);

    /// <summary>Waits for a message of a type, told before or after the call, and gives the newest.</summary>
    public async Task<JsonNode> HearsAsync(string type, Func<JsonNode, bool>? wanted = null)
    {
        JsonNode? found = null;
        await Eventually.Holds(
            () => $"the client is told a {type}; it was told {string.Join('\n', messages.TakeLast(8).Select(message => message.ToJsonString()))}",
            () => (found = messages.LastOrDefault(message => TypeOf(message) == type && wanted?.Invoke(message) != false)) is not null);
        return found!;
    }

    /// <summary>Waits until the silo closes the socket with this code.</summary>
    public Task ClosesWithAsync(int code) => Eventually.Holds(() => $"the client is closed with {code}; it was with {ClosedWith}", () => ClosedWith == code);

    /// <summary>How often it was told a type.</summary>
    public int CountOf(string type) => messages.Count(message => TypeOf(message) == type);

    /// <summary>Says goodbye, where the silo has not yet.</summary>
    public async Task DisconnectAsync()
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
    public void Vanish()
    {
        isGone = true;
        socket.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        Vanish();
        await reading;
        socket.Dispose();
    }

    /// <summary>Connects to an address of the silo.</summary>
    /// <param name="silo">Address of the silo.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="reads">Whether it takes what it is sent; one that does not answers no pings either.</param>
    /// <param name="headers">What its request brings.</param>
    protected async Task ConnectAsync(Uri silo, string path, bool reads = true, params (string Name, string Value)[] headers)
    {
        foreach (var (name, value) in headers)
            socket.Options.SetRequestHeader(name, value);
        await socket.ConnectAsync(new UriBuilder(new Uri(silo, path)) { Scheme = "ws" }.Uri, CancellationToken.None);
        if (reads)
            reading = ReadAsync();
    }

    /// <summary>Sees each message before it is kept.</summary>
    protected virtual void Take(JsonNode message)
    {
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[1 << 16];
        var text = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close)
                    break;
                text.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage)
                    continue;
                var message = JsonNode.Parse(text.GetBuffer().AsSpan(0, (int)text.Length))!;
                Take(message);
                messages.Enqueue(message);
                text.SetLength(0);
            }

            ClosedWith = (int?)socket.CloseStatus;
            if (socket.State == WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        }
        catch (Exception lost) when (lost is WebSocketException or OperationCanceledException || (isGone && lost is InvalidOperationException))
        {
            // Gone without a word; a socket that was aborted between two reads says that it is not connected, or disposed.
        }
    }
}
