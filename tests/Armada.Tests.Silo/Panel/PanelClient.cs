using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Panel;

/// <summary>A watcher as docs/panel-feed.md describes one: reads all the time and keeps what the messages make of the fleet.</summary>
internal sealed class PanelClient : JsonClient
{
    private readonly Lock sync = new();
    private readonly SortedDictionary<string, JsonObject> robots = new(StringComparer.Ordinal);

    /// <summary>How many messages tell of the fleet.</summary>
    public int Samples => Messages.Count(message => TypeOf(message) is "snapshot" or "update");

    /// <summary>The fleet as told last.</summary>
    public JsonObject Fleet { get; private set; } = [];

    public static async Task<PanelClient> ConnectAsync(RunningSilo silo, string query = "", int? port = null)
    {
        var client = new PanelClient();
        var at = new UriBuilder(silo.Http.BaseAddress!);
        at.Port = port ?? at.Port;
        await client.ConnectAsync(at.Uri, $"/ws/panel?{query.TrimStart('?')}");
        return client;
    }

    /// <summary>Connects and waits for the snapshot.</summary>
    public static async Task<PanelClient> WatchAsync(RunningSilo silo, string query = "", int? port = null)
    {
        var client = await ConnectAsync(silo, query, port);
        await Eventually.Holds("a watcher gets its first message", () => client.Messages.Count > 0);
        return client;
    }

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
    public JsonArray Default()
    {
        lock (sync)
            return [.. robots.Values.Select(robot => new JsonObject { ["id"] = robot["id"]!.DeepClone(), ["state"] = robot["state"]!.DeepClone() })];
    }

    /// <summary>Waits for a message that comes from now on or has come.</summary>
    public async Task<JsonNode> ReceivesAsync(string what, Func<JsonNode, bool> wanted)
    {
        await Eventually.Holds(what, () => Messages.Any(wanted));
        return Messages.First(wanted);
    }

    /// <inheritdoc/>
    protected override void Take(JsonNode message)
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
