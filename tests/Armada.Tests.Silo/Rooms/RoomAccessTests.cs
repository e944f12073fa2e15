using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Armada.Core.Robots;
using Armada.Silo.Rooms;
using Armada.Silo.Sockets;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Rooms;

/// <summary>Who may be in a room, and what the audit trail says of it.</summary>
public sealed class RoomAccessTests(Broker broker) : IClassFixture<Broker>
{
    private const string Rooms = "/robotics/workspaces/w1/rooms";

    [Fact]
    public async Task A_revoked_key_closes_its_producer_and_frees_the_room()
    {
        await using var silo = await StartAsync();
        var key = await silo.MakeKeyAsync("hands", "operator");
        await using var hand = await JoinAsync(silo, key, "producer", "hand");

        await silo.SendAsync(HttpMethod.Delete, $"/api/v1/keys/{RunningSilo.IdOf(key)}");

        await hand.ClosesWithAsync(SocketClose.Unauthorized);
        await Eventually.Holds("the room is free", () => ProducerOf(silo) is null);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("viewer")]
    public async Task Without_an_operators_key_nobody_joins(string? role)
    {
        await using var silo = await StartAsync();
        (string, string)[] headers = role is null ? [] : [("X-Api-Key", await silo.MakeKeyAsync("eyes", role))];

        await Assert.ThrowsAsync<WebSocketException>(
            () => Participant.ConnectAsync(silo.Http.BaseAddress!, "w1", "r1", headers: headers));

        Assert.Equal(0, (await silo.GetAsync("/robotics/status"))["connections_count"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_page_of_another_site_does_not_join()
    {
        await using var silo = await StartAsync();
        var key = await silo.MakeKeyAsync("hands", "operator");

        await Assert.ThrowsAsync<WebSocketException>(
            () => Participant.ConnectAsync(silo.Http.BaseAddress!, "w1", "r1", headers: [("X-Api-Key", key), ("Origin", "https://evil.example")]));

        Assert.Equal((403, "foreign-origin"), await silo.AskAsync(HttpMethod.Get, Rooms, headers: ("Origin", "https://evil.example")));
    }

    [Fact]
    public async Task The_trail_says_once_who_came_took_over_stopped_and_was_lost()
    {
        await using var silo = await StartAsync();
        var (first, second) = (await silo.MakeKeyAsync("anna", "operator"), await silo.MakeKeyAsync("bert", "operator"));
        await using var hand = await JoinAsync(silo, first, "producer", "hand");
        await hand.MoveAsync(("Jaw", 10));
        await Eventually.Holds("the hand commands", () => CountOf(silo, "master-live") == 1);
        await using var other = await JoinAsync(silo, second, "producer", "other", takeover: true);
        await hand.ClosesWithAsync(SocketClose.TakenOver);
        await other.MoveAsync(("Jaw", 20));
        await other.SendAsync(new { type = "emergency_stop", reason = "enough" });
        await other.HearsAsync("emergency_stop");
        await other.DisconnectAsync();
        await Eventually.Holds("it is on the record that the room is free", () => CountOf(silo, "master-left") == 1);

        var trail = (await silo.GetAsync("/api/v1/audit"))["items"]!.AsArray().Reverse()
            .Select(record => (Who: Text(record!, "who"), What: Text(record!, "what"), Detail: record!["detail"]?.GetValue<string>())).ToArray();

        Assert.Equal(
            [
                ("boss", "robot-made", "room w1/r1"),
                ("anna", "master-bound", "hand (remote), producer of room w1/r1"),
                ("bert", "master-bound", "other (remote), producer of room w1/r1, takeover"),
                ("bert", "stop", "other: enough"),
            ],
            trail.Where(record => record.Who != "silo" && record.What != "key-made"));
        Assert.Single(trail, record => record is { Who: "silo", What: "master-replaced" });
    }

    [Fact]
    public async Task A_clean_up_by_hand_is_its_callers_work()
    {
        await using var silo = await StartAsync();

        var board = silo.Service<OpenRooms>();
        board.Get(RoomCatalog.RobotIdOf(new RoomName("w1", "r1"))).MarkUsed(board.Now - (2 * RoomCleanup.IdleLimit));

        await silo.SendAsync(HttpMethod.Post, "/robotics/cleanup/manual");

        var removed = Assert.Single((await silo.GetAsync("/api/v1/audit?what=robot-removed"))["items"]!.AsArray());
        Assert.Equal("boss", Text(removed!, "who"));
    }

    private async Task<RunningSilo> StartAsync()
    {
        var silo = await RunningSilo.StartAsync(broker);
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        await silo.SendAsync(HttpMethod.Post, Rooms, new { room_id = "r1" });
        return silo;
    }

    private static async Task<Participant> JoinAsync(RunningSilo silo, string key, string role, string id, bool takeover = false)
    {
        var participant = await Participant.ConnectAsync(silo.Http.BaseAddress!, "w1", "r1", headers: ("Authorization", $"Bearer {key}"));
        await participant.SendAsync(new { participant_id = id, role, takeover });
        await participant.HearsAsync("joined");
        return participant;
    }

    private static string? ProducerOf(RunningSilo silo) =>
        silo.GetAsync($"{Rooms}/r1").GetAwaiter().GetResult()["room"]!["participants"]!["producer"]?.GetValue<string>();

    private static int CountOf(RunningSilo silo, string what) =>
        silo.GetAsync($"/api/v1/audit?what={what}").GetAwaiter().GetResult()["items"]!.AsArray().Count;

    private static string Text(JsonNode of, string member) => of[member]!.GetValue<string>();
}
