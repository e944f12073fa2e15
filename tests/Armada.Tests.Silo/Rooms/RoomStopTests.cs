using Armada.Silo.Access;

namespace Armada.Tests.Silo.Rooms;

/// <summary>An emergency stop in a room is the robot's own: latched, told to everybody, released by a reset alone.</summary>
public sealed class RoomStopTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    [Fact]
    public async Task An_emergency_stop_of_anyone_stops_the_robot_and_everybody_is_told()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "hand");
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        await consumer.SendAsync(new { type = "emergency_stop", reason = "somebody is in the way" });

        foreach (var told in new[] { producer, consumer })
        {
            var stop = await told.HearsAsync("emergency_stop");
            Assert.Equal(("somebody is in the way", "screen"), (stop["reason"]!.GetValue<string>(), stop["source"]!.GetValue<string>()));
        }

        Assert.True((await silo.GetAsync($"/api/v1/robots/{await silo.RobotAsync()}"))["stopped"]!.GetValue<bool>());
        await silo.Silo.Service<IAuditTrail>().FlushAsync(default);
        var record = Assert.Single(
            (await silo.GetAsync("/api/v1/audit?what=stop"))["items"]!.AsArray(),
            record => record!["detail"]?.GetValue<string>() == "screen: somebody is in the way");
        Assert.Equal("local", record!["who"]!.GetValue<string>());
    }

    [Fact]
    public async Task Until_a_reset_nothing_moves_and_who_joins_is_told()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "hand");
        await producer.SendAsync(new { type = "emergency_stop" });
        await producer.HearsAsync("emergency_stop");

        await producer.MoveAsync(("Jaw", 50));
        Assert.Contains("stopped", (await producer.HearsErrorAsync("stopped"))["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        await using var late = await silo.JoinAsync("consumer", "late");
        var told = await late.HearsAsync("emergency_stop");
        Assert.Equal("Emergency stop from hand", told["reason"]!.GetValue<string>());
        Assert.Equal(409, (await silo.TryAsync(HttpMethod.Post, "/robotics/workspaces/w1/rooms/r1/command", """{"joints":[{"name":"Jaw","value":50}]}""")).Status);

        await silo.PostAsync($"/api/v1/robots/{await silo.RobotAsync()}/reset");
        await producer.MoveAsync(("Jaw", 60));
        await late.SeesAsync("Jaw", 60);
        await using var later = await silo.JoinAsync("consumer", "later");
        Assert.Equal(0, later.CountOf("emergency_stop"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stop_from_outside_the_room_is_told_in_it(bool fleet)
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        await silo.PostAsync(fleet ? "/api/v1/fleet/stop" : $"/api/v1/robots/{await silo.RobotAsync()}/stop");

        Assert.Equal("api", (await consumer.HearsAsync("emergency_stop"))["source"]!.GetValue<string>());
        await using var late = await silo.JoinAsync("consumer", "late");
        await late.HearsAsync("emergency_stop");
        if (fleet)
            await silo.PostAsync("/api/v1/fleet/reset");
    }

    [Fact]
    public async Task Each_participant_is_told_once_of_each_stop()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var consumer = await silo.JoinAsync("consumer", "screen");
        for (var time = 1; time <= 3; time++)
        {
            await consumer.SendAsync(new { type = "emergency_stop", reason = $"reason {time}" });
            await consumer.HearsAsync("emergency_stop", stop => stop["reason"]!.GetValue<string>() == $"reason {time}");
        }

        Assert.Equal(3, consumer.CountOf("emergency_stop"));
    }
}
