using System.Text.Json.Nodes;
using Armada.Silo.Sockets;
using Armada.Testing;

namespace Armada.Tests.Silo.Rooms;

/// <summary>Participants over real WebSockets, in RobotHub's messages.</summary>
public sealed class RoomSocketTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    private const string Command = "/robotics/workspaces/w1/rooms/r1/command";

    [Fact]
    public async Task A_consumer_gets_the_joints_then_joined_and_a_producer_joined_alone()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await silo.PostAsync(Command, new { joints = new[] { new { name = "Rotation", value = 0.0 } } });
        await using var consumer = await silo.JoinAsync("consumer", "screen");
        var (sync, joined) = (consumer.Messages.First(), consumer.Messages.ElementAt(1));

        Assert.Equal("""{"Rotation":0}""", sync["data"]!.ToJsonString());
        Assert.Equal(("joined", "r1", "w1", "consumer"), (Text(joined, "type"), Text(joined, "room_id"), Text(joined, "workspace_id"), Text(joined, "role")));
        Assert.NotEmpty(Text(joined, "timestamp"));

        await using var other = await silo.JoinAsync("producer", "hand");
        Assert.Equal("joined", Text(Assert.Single(other.Messages), "type"));
    }

    [Fact]
    public async Task What_the_producer_sends_reaches_the_consumers_as_a_motion_of_the_joints_it_named()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "hand");
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        await producer.MoveAsync(("Rotation", 30), ("gripper", 40));
        await consumer.SeesAsync("Rotation", 30);
        await consumer.SeesAsync("Jaw", 40);

        var updates = consumer.Messages.Where(message => Text(message, "type") == "joint_update").ToArray();
        Assert.Equal(Enumerable.Range(1, updates.Length), updates.Select(update => update["seq"]!.GetValue<int>()));
        Assert.All(updates, update => Assert.Equal("hand", Text(update, "source")));
        Assert.Equal(["Jaw", "Rotation"], updates.SelectMany(update => update["data"]!.AsArray()).Select(joint => Text(joint!, "name")).Distinct().Order());
        var way = updates.SelectMany(update => update["data"]!.AsArray()).Where(joint => Text(joint!, "name") == "Rotation")
            .Select(joint => joint!["value"]!.GetValue<double>()).ToArray();
        Assert.True(way.Length > 5, $"30° came as a jump of {way.Length} updates");
        Assert.Equal(way.Order(), way);
        Assert.Equal(0, producer.CountOf("joint_update"));
        Assert.Equal(["screen"], (await silo.RoomAsync())["participants"]!["consumers"]!.AsArray().Select(name => name!.GetValue<string>()));
    }

    [Fact]
    public async Task No_value_leaves_the_robots_limits()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "hand");
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        await producer.MoveAsync(("Jaw", 1e300));

        await consumer.SeesAsync("Jaw", 100);
    }

    [Fact]
    public async Task Heartbeats_are_acknowledged_and_unknown_types_are_told()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        await consumer.SendTextAsync("this is not JSON");
        await consumer.SendAsync(new { type = "consumer_status", status = "ready" });
        await consumer.SendAsync(new { type = "dance" });
        await consumer.SendAsync(new { type = "heartbeat" });

        await consumer.HearsAsync("heartbeat_ack");
        Assert.Equal("Unknown message type: dance", Text(await consumer.HearsErrorAsync("unknown_type"), "message"));
        Assert.Equal(1, consumer.CountOf("error"));
    }

    [Fact]
    public async Task Joints_the_robot_has_not_are_told_and_the_others_move()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "hand");
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        await producer.MoveAsync(("shoulder", 3), ("Pitch", 4));

        var error = await producer.HearsErrorAsync("joint_unknown");
        Assert.Equal(("Failed to process joint update", "the robot has no shoulder"), (Text(error, "message"), Text(error, "reason")));
        await consumer.SeesAsync("Pitch", 4);
    }

    [Fact]
    public async Task A_consumer_moves_nothing()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        await consumer.MoveAsync(("Jaw", 50));

        await consumer.HearsErrorAsync("not_producer");
        Assert.Empty(await silo.JointsAsync());
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("""{"type":"heartbeat"}""")]
    [InlineData("""{"participant_id":"x","role":"observer"}""")]
    public async Task A_wrong_first_frame_is_told_and_closed(string frame)
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var client = await Participant.ConnectAsync(silo.Address, "w1", "r1");

        await client.SendTextAsync(frame);

        Assert.Equal("Cannot join room", Text(await client.HearsErrorAsync("invalid"), "message"));
        await client.ClosesWithAsync(SocketClose.Normal);
    }

    [Fact]
    public async Task A_client_that_says_nothing_is_closed()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var client = await Participant.ConnectAsync(silo.Address, "w1", "r1");

        await client.HearsErrorAsync("too_late");
        await client.ClosesWithAsync(SocketClose.Normal);
    }

    [Fact]
    public async Task Nobody_joins_a_room_that_is_not_there()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var client = await Participant.AskAsync(silo.Address, "w1", "nowhere", "consumer", "screen");

        Assert.Equal("Cannot join room", Text(await client.HearsErrorAsync("room_unknown"), "message"));
        await client.ClosesWithAsync(SocketClose.Normal);
    }

    [Fact]
    public async Task A_room_takes_as_many_consumers_as_it_was_made_for_and_remembers_how_many()
    {
        await using var silo = await RoomSilo.OpenAsync(shared, maxConsumers: 1);
        await silo.Silo.StopAsync();
        await silo.Silo.StartAsync();
        await using var first = await silo.JoinAsync("consumer", "first");
        await using var producer = await silo.JoinAsync("producer", "hand");

        await using var second = await silo.AskAsync("consumer", "second");
        Assert.Contains("1 consumers", Text(await second.HearsErrorAsync("room_full"), "reason"), StringComparison.Ordinal);

        await first.DisconnectAsync();
        await Eventually.Holds("the room is told that it is left", () => silo.RoomAsync().GetAwaiter().GetResult()["active_consumers"]!.GetValue<int>() == 0);
        await using var third = await silo.JoinAsync("consumer", "third");
    }

    [Fact]
    public async Task An_id_of_a_hundred_characters_is_good()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        var id = new string('x', 100);
        await using var producer = await silo.JoinAsync("producer", id);
        await using var consumer = await silo.JoinAsync("consumer", id[..99] + "y");

        await producer.MoveAsync(("Jaw", 10));
        await consumer.SeesAsync("Jaw", 10);
    }

    [Fact]
    public async Task While_a_producer_is_there_the_panel_is_locked()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        const string body = """{"joints":[{"name":"Jaw","value":50}]}""";
        await using (var producer = await silo.JoinAsync("producer", "hand"))
        {
            var refused = await silo.TryAsync(HttpMethod.Post, Command, body);
            Assert.Equal(409, refused.Status);
            Assert.Contains("panel locked by hand", refused.Body!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
            await producer.DisconnectAsync();
        }

        await using var consumer = await silo.JoinAsync("consumer", "screen");
        await Eventually.Holds("the panel is unlocked", () => silo.TryAsync(HttpMethod.Post, Command, body).GetAwaiter().GetResult().Status == 200);
        await consumer.SeesAsync("Jaw", 50);
        Assert.Equal("api", Text(await consumer.HearsAsync("joint_update"), "source"));
    }

    [Fact]
    public async Task Of_many_that_race_for_a_room_one_becomes_its_producer_and_the_others_are_told_who()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        var racers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => silo.AskAsync("producer", $"racer-{number}")));

        foreach (var racer in racers)
            await Eventually.Holds("everyone is answered", () => racer.Messages.Count > 0);

        var winner = (await silo.RoomAsync())["participants"]!["producer"]!.GetValue<string>();
        Assert.Single(racers, racer => racer.CountOf("joined") == 1);
        foreach (var loser in racers.Where(racer => racer.CountOf("joined") == 0))
            Assert.Contains(winner, Text(await loser.HearsErrorAsync("master_held"), "reason"), StringComparison.Ordinal);
        foreach (var racer in racers)
            await racer.DisposeAsync();
    }

    [Fact]
    public async Task A_silo_that_stops_says_so()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        await silo.Silo.StopAsync();
        await consumer.ClosesWithAsync(SocketClose.GoingAway);
        await silo.Silo.StartAsync();
    }

    private static string Text(JsonNode of, string member) => of[member]!.GetValue<string>();
}
