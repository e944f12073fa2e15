using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Panel;

/// <summary>A watcher as docs/panel-feed.md describes one: reads all the time and keeps what the messages make of the fleet.</summary>
internal sealed class PanelClient : IAsyncDisposable
{
    private readonly ClientWebSocket socket = new();
    private readonly ConcurrentQueue<JsonObject> messages = new();
    private readonly Lock sync = new();
    private readonly SortedDictionary<string, JsonObject> robots = new(StringComparer.Ordinal);
    private Task reading = Task.CompletedTask;

    private PanelClient()
    {
    }

    /// <summary>Every message so far.</summary>
    public IReadOnlyCollection<JsonObject> Messages => messages;

    /// <summary>How many of them tell of the fleet.</summary>
    public int Samples => messages.Count(message => TypeOf(message) is "snapshot" or "update");

    /// <summary>The code the silo closed with; null while it has not.</summary>
    public int? Closed { get; private set; }

    /// <summary>The fleet as told last.</summary>
    public JsonObject Fleet { get; private set; } = [];

    public static async Task<PanelClient> ConnectAsync(RunningSilo silo, string query = "", int? port = null)
    {
        var client = new PanelClient();
        var at = new UriBuilder(silo.Http.BaseAddress!) { Scheme = "ws", Path = "/ws/panel", Query = query };
        at.Port = port ?? at.Port;
        await client.socket.ConnectAsync(at.Uri, CancellationToken.None);
        client.reading = client.ReadAsync();
        return client;
    }

    /// <summary>Connects and waits for the snapshot.</summary>
    public static async Task<PanelClient> WatchAsync(RunningSilo silo, string query = "", int? port = null)
    {
        var client = await ConnectAsync(silo, query, port);
        await Eventually.Holds("a watcher gets its first message", () => !client.messages.IsEmpty);
        return client;
    }

    public static string TypeOf(JsonObject message) => message["type"]!.GetValue<string>();

    /// <summary>The ids of the robots as far as told.</summary>
    public string[] Ids()
    {
        lock (sync)
            return [.. robots.Keys];
    }

    /// <summary>One robot's state as told last; null where there is none.</summary>
    public JsonNode? StateOf(string robot)
    {
        lock (sync)
            return robots.GetValueOrDefault(robot)?["state"];
    }

    /// <summary>Everything as told last, less what is counted.</summary>
    public JsonArray Everything()
    {
        lock (sync)
            return [.. robots.Values.Select(robot => new JsonObject { ["id"] = robot["id"]!.DeepClone(), ["state"] = robot["state"]!.DeepClone() })];
    }

    public Task SendAsync(string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>Waits for a message that comes from now on or has come.</summary>
    public async Task<JsonObject> ReceivesAsync(string what, Func<JsonObject, bool> wanted)
    {
        await Eventually.Holds(what, () => messages.Any(wanted));
        return messages.First(wanted);
    }

    public async ValueTask DisposeAsync()
    {
        socket.Abort();
        await reading;
        socket.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[1 << 16];
        var text = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer, CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    Closed = (int)part.CloseStatus!.Value;
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
                    return;
                }

                text.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage)
                    continue;
                Take(JsonNode.Parse(text.ToArray())!.AsObject());
                text.SetLength(0);
            }
        }
        catch (Exception lost) when (lost is WebSocketException or OperationCanceledException)
        {
            // The test is over, or the silo is gone.
        }
    }

    private void Take(JsonObject message)
    {
        lock (sync)
        {
            if (TypeOf(message) == "snapshot")
                robots.Clear();
            foreach (var robot in message["robots"]?.AsArray() ?? [])
                Merge(robot!.AsObject());
            foreach (var id in message["removed"]?.AsArray() ?? [])
                robots.Remove(id!.GetValue<string>());
            Fleet = message["fleet"]?.AsObject() ?? Fleet;
        }

        messages.Enqueue(message);
    }

    private void Merge(JsonObject robot)
    {
        var id = robot["id"]!.GetValue<string>();
        if (!robots.TryGetValue(id, out var known))
            robots[id] = known = new JsonObject { ["id"] = id };
        foreach (var part in (string[])["robot", "state"])
        {
            if (robot[part] is { } newer)
                known[part] = newer.DeepClone();
        }
    }
}
