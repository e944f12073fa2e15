using System.Diagnostics;
using Armada.Silo.Rooms;
using Armada.Silo.Sockets;
using Armada.Testing;

namespace Armada.Tests.Silo.Rooms;

/// <summary>What is known to be wrong with RobotHub's own server is not so here.</summary>
public sealed class RoomDefectTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    private const string Rooms = "/robotics/workspaces/w1/rooms";

    [Fact]
    public async Task A_producer_that_is_dead_does_not_block_its_room()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var zombie = await Participant.ConnectAsync(silo.Address, "w1", "r1", reads: false);
        await zombie.SendAsync(new { participant_id = "zombie", role = "producer" });
        await Eventually.Holds("the zombie is producer", () => ProducerOf(silo) == "zombie");

        await Eventually.Holds("the room is free again", () => ProducerOf(silo) is null);
        await using var next = await silo.JoinAsync("producer", "next");
    }

    [Theory]
    [InlineData("consumer")]
    [InlineData("producer")]
    public async Task A_client_whose_loop_blocks_for_seconds_keeps_its_room(string role)
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var blocked = await Participant.ConnectAsync(silo.Address, "w1", "r1", reads: false);
        await blocked.SendAsync(new { participant_id = "blocked", role });
        var rooms = silo.Silo.Service<OpenRooms>();
        await Eventually.Holds("it has joined", () => rooms.Connections == 1);

        var began = Stopwatch.GetTimestamp();
        await Eventually.Holds("it was blocked for 4 s", () => Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(4) || rooms.Connections == 0);

        Assert.Equal(1, rooms.Connections);
    }

    [Fact]
    public async Task A_silent_producer_loses_its_lease_and_has_it_again_with_its_next_update()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "hand");
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        await Eventually.Holds("its lease has ended", () => ProducerOf(silo) is null);
        await producer.MoveAsync(("Jaw", 20));

        await consumer.SeesAsync("Jaw", 20);
        Assert.Equal("hand", ProducerOf(silo));
    }

    [Fact]
    public async Task A_producer_takes_over_only_if_it_says_so_and_the_old_one_is_told_and_closed()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var consumer = await silo.JoinAsync("consumer", "screen");
        await using var old = await silo.JoinAsync("producer", "old");

        await using var polite = await silo.AskAsync("producer", "polite");
        var refused = await polite.HearsErrorAsync("master_held");
        Assert.Equal("Cannot join room", refused["message"]!.GetValue<string>());
        Assert.Contains("old is master", refused["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        await polite.ClosesWithAsync(SocketClose.Normal);
        Assert.Equal("old", ProducerOf(silo));

        await using var bold = await silo.JoinAsync("producer", "bold", takeover: true);
        Assert.Contains("bold", (await old.HearsErrorAsync("taken_over"))["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        await old.ClosesWithAsync(SocketClose.TakenOver);
        await bold.MoveAsync(("Jaw", 20));
        await consumer.SeesAsync("Jaw", 20);
        Assert.Equal("bold", ProducerOf(silo));
    }

    [Fact]
    public async Task A_producer_that_an_operator_detaches_is_told_and_does_not_come_back_by_itself()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "hand");

        await silo.Silo.SendAsync(HttpMethod.Delete, $"/api/v1/robots/{await silo.RobotAsync()}/master");

        await producer.HearsErrorAsync("detached");
        await producer.ClosesWithAsync(SocketClose.TakenOver);
        Assert.Null(ProducerOf(silo));
    }

    [Fact]
    public async Task A_participants_id_is_its_rooms_affair()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await silo.PostAsync(Rooms, new { room_id = "r2" });

        await using var here = await silo.JoinAsync("consumer", "same");
        await using var there = await Participant.JoinAsync(silo.Address, "w1", "r2", "consumer", "same");
    }

    [Theory]
    [InlineData("consumer")]
    [InlineData("producer")]
    public async Task One_that_is_not_let_in_does_not_touch_the_one_whose_id_it_used(string role)
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var holder = await silo.JoinAsync("consumer", "same");
        await using var producer = await silo.JoinAsync("producer", "hand");

        await using (var twin = await silo.AskAsync(role, "same"))
        {
            await twin.HearsErrorAsync("name_taken");
            await twin.ClosesWithAsync(SocketClose.Normal);
        }

        await producer.MoveAsync(("Jaw", 20));
        await holder.SeesAsync("Jaw", 20);
        Assert.Equal(2, (await silo.RoomAsync())["participants"]!["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task Removing_a_room_closes_its_connections()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "hand");
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        Assert.Equal(200, (await silo.TryAsync(HttpMethod.Delete, $"{Rooms}/r1")).Status);

        foreach (var participant in new[] { producer, consumer })
        {
            await participant.HearsErrorAsync("room_unknown");
            await participant.ClosesWithAsync(SocketClose.RobotUnknown);
        }
    }

    [Fact]
    public async Task Making_a_room_that_is_there_leaves_it_as_it_is()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "hand");
        await using var consumer = await silo.JoinAsync("consumer", "screen");
        await producer.MoveAsync(("Jaw", 20));
        await consumer.SeesAsync("Jaw", 20);

        var again = await silo.PostAsync(Rooms, new { room_id = "r1", max_consumers = 1 });

        Assert.True(again["success"]!.GetValue<bool>());
        Assert.Equal(20, (await silo.JointsAsync())["Jaw"]!.GetValue<double>());
        Assert.Equal(2, (await silo.RoomAsync())["participants"]!["total"]!.GetValue<int>());
        await using var second = await silo.JoinAsync("consumer", "second");
    }

    [Fact]
    public async Task Who_comes_and_goes_is_told_to_those_who_asked_for_it()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var watcher = await silo.JoinAsync("consumer", "watcher", presence: true);
        await using var other = await silo.JoinAsync("consumer", "other");
        await using var producer = await silo.JoinAsync("producer", "hand");

        var joined = await watcher.HearsAsync("participant_joined", told => told["participant_id"]!.GetValue<string>() == "hand");
        Assert.Equal(("r1", "producer"), (joined["room_id"]!.GetValue<string>(), joined["role"]!.GetValue<string>()));
        await producer.DisconnectAsync();
        await watcher.HearsAsync("participant_left", told => told["participant_id"]!.GetValue<string>() == "hand");
        Assert.Equal(0, other.CountOf("participant_joined") + other.CountOf("participant_left"));
    }

    [Fact]
    public async Task Many_that_come_and_go_at_once_hear_of_each_other_and_disturb_nobody()
    {
        await using var silo = await RoomSilo.OpenAsync(shared, maxConsumers: 100);
        await using var stays = await silo.JoinAsync("consumer", "stays", presence: true);

        await Task.WhenAll(Enumerable.Range(0, 30).Select(async number =>
        {
            await using var passing = await silo.JoinAsync("consumer", $"passing-{number}", presence: true);
            await passing.DisconnectAsync();
        }));

        await Eventually.Holds(
            () => $"everyone is heard going; {stays.CountOf("participant_left")} were", () => stays.CountOf("participant_left") == 30);
        Assert.Equal(30, stays.CountOf("participant_joined"));
    }

    [Fact]
    public async Task A_consumer_that_does_not_read_delays_nobody_and_is_disconnected()
    {
        await using var impatient = new SharedSilo(new RoomTiming { PingInterval = TimeSpan.FromMilliseconds(500), PongTimeout = TimeSpan.FromSeconds(2) });
        await impatient.InitializeAsync();
        await using var silo = await RoomSilo.OpenAsync(impatient);
        await using var stuck = await Participant.ConnectAsync(silo.Address, "w1", "r1", reads: false);
        await stuck.SendAsync(new { participant_id = "stuck", role = "consumer" });
        await Eventually.Holds("it is in the room", () => ConsumersOf(silo).Contains("stuck"));
        await using var producer = await silo.JoinAsync("producer", "hand");
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        await producer.MoveAsync(("Jaw", 10));
        await consumer.SeesAsync("Jaw", 10);

        await Eventually.Holds("the one that does not read is gone from the room", () => !ConsumersOf(silo).Contains("stuck"));
        Assert.Equal(2, (await silo.GetAsync("/robotics/status"))["connections_count"]!.GetValue<int>());
    }

    [Fact]
    public async Task Every_consumer_can_tell_that_it_missed_nothing()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "hand");
        await using var first = await silo.JoinAsync("consumer", "first");
        await producer.MoveAsync(("Jaw", 10));
        await first.SeesAsync("Jaw", 10);
        await using var second = await silo.JoinAsync("consumer", "second");
        await producer.MoveAsync(("Jaw", 20));
        await first.SeesAsync("Jaw", 20);
        await second.SeesAsync("Jaw", 20);

        foreach (var consumer in new[] { first, second })
        {
            var numbers = consumer.Messages.Where(message => message["type"]!.GetValue<string>() == "joint_update").Select(update => update["seq"]!.GetValue<int>()).ToArray();
            Assert.Equal(Enumerable.Range(1, numbers.Length), numbers);
        }
    }

    private static string? ProducerOf(RoomSilo silo) =>
        silo.RoomAsync().GetAwaiter().GetResult()["participants"]!["producer"]?.GetValue<string>();

    private static string[] ConsumersOf(RoomSilo silo) =>
        [.. silo.RoomAsync().GetAwaiter().GetResult()["participants"]!["consumers"]!.AsArray().Select(name => name!.GetValue<string>())];
}
