using System.Text;
using System.Text.Json.Nodes;
using Armada.Core.Engine;
using Armada.Silo.Rooms;
using Armada.Testing;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Silo.Rooms;

/// <summary>A silo with one room, and the words in which its users speak.</summary>
internal sealed class RoomSilo : IAsyncDisposable
{
    public const string Workspace = "w1";
    public const string Room = "r1";

    private RoomSilo(RunningSilo silo) => Silo = silo;

    public RunningSilo Silo { get; }

    public Uri Address => Silo.Http.BaseAddress!;

    /// <summary>The class's silo, with nothing in it but the room.</summary>
    public static async Task<RoomSilo> OpenAsync(SharedSilo shared, int? maxConsumers = null)
    {
        var rooms = new RoomSilo(shared.Silo);
        await rooms.PostAsync($"/robotics/workspaces/{Workspace}/rooms", new { room_id = Room, max_consumers = maxConsumers ?? 10 });
        return rooms;
    }

    public Task<Participant> JoinAsync(string role, string id, bool takeover = false, bool presence = false) =>
        Participant.JoinAsync(Address, Workspace, Room, role, id, takeover, presence);

    public Task<Participant> AskAsync(string role, string id, bool takeover = false) =>
        Participant.AskAsync(Address, Workspace, Room, role, id, takeover);

    public Task<JsonNode> GetAsync(string path) => Silo.GetAsync(path);

    public async Task<JsonNode> PostAsync(string path, object? body = null) => (await Silo.SendAsync(HttpMethod.Post, path, body))!;

    /// <summary>The room, as …/rooms/{room} shows it.</summary>
    public async Task<JsonNode> RoomAsync() => (await GetAsync($"/robotics/workspaces/{Workspace}/rooms/{Room}"))["room"]!;

    /// <summary>Where the joints are, as …/state shows it.</summary>
    public async Task<JsonObject> JointsAsync() =>
        (await GetAsync($"/robotics/workspaces/{Workspace}/rooms/{Room}/state"))["state"]!["joints"]!.AsObject();

    /// <summary>Id of the room's robot.</summary>
    public async Task<string> RobotAsync() => (await GetAsync("/api/v1/robots"))["items"]![0]!["id"]!.GetValue<string>();

    /// <summary>A request that may be refused: its status and what its body says.</summary>
    public async Task<(int Status, JsonNode? Body)> TryAsync(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await Silo.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    /// <summary>Leaves the silo empty for the next test.</summary>
    public async ValueTask DisposeAsync()
    {
        await Eventually.Holds("every participant is gone", () => Silo.Service<OpenRooms>().Connections == 0);
        var engine = Silo.Service<IRobotEngine>();
        foreach (var robot in await engine.ListAsync(default))
            await engine.DeleteAsync(robot.Document.Id, default);
        Assert.DoesNotContain(Silo.Logs.Entries, entry => entry.Level >= LogLevel.Error);
    }
}
