using System.Text.Json.Nodes;
using Armada.Testing;

namespace Armada.Tests.Silo.Rooms;

/// <summary>The REST side, in RobotHub's shapes.</summary>
public sealed class RoomRouteTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    private const string Rooms = "/robotics/workspaces/w1/rooms";

    [Fact]
    public async Task A_room_is_made_listed_looked_at_and_removed()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);

        Same(
            """
            {"success":true,"workspace_id":"w1","total":1,"rooms":[{"id":"r1","workspace_id":"w1","joints_count":0,
             "participants":{"producer":null,"consumers":[],"total":0}}]}
            """,
            await silo.GetAsync(Rooms));
        Same(
            """
            {"success":true,"room":{"id":"r1","workspace_id":"w1","joints_count":0,"has_producer":false,"active_consumers":0,
             "participants":{"producer":null,"consumers":[],"total":0}}}
            """,
            await silo.GetAsync($"{Rooms}/r1"));
        var state = (await silo.GetAsync($"{Rooms}/r1/state"))["state"]!.AsObject();
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$", state["timestamp"]!.GetValue<string>());
        state.Remove("timestamp");
        Same("""{"room_id":"r1","workspace_id":"w1","joints":{},"participants":{"producer":null,"consumers":[],"total":0}}""", state);

        var removed = await silo.TryAsync(HttpMethod.Delete, $"{Rooms}/r1");
        Assert.Equal(200, removed.Status);
        Same("""{"success":true,"message":"Room r1 deleted successfully from workspace w1"}""", removed.Body!);
        Assert.Equal(404, (await silo.TryAsync(HttpMethod.Delete, $"{Rooms}/r1")).Status);
        Assert.Equal(0, (await silo.GetAsync(Rooms))["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_room_without_an_id_gets_one_and_a_body_is_not_needed()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);

        var made = await silo.PostAsync("/api/robotics/workspaces/w2/rooms");

        Assert.True(Guid.TryParse(made["room_id"]!.GetValue<string>(), out _));
        Assert.Equal(1, (await silo.GetAsync("/api/robotics/workspaces/w2/rooms"))["total"]!.GetValue<int>());
        Assert.Equal(0, (await silo.GetAsync("/robotics/workspaces/nobody/rooms"))["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_room_is_a_robot_and_a_robot_is_a_room_of_the_default_workspace()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await silo.Silo.MakeRobotAsync("arm");

        Assert.Matches("^room-[0-9a-f]{16}$", (await silo.GetAsync("/api/v1/robots"))["items"]![1]!["id"]!.GetValue<string>());
        var rooms = (await silo.GetAsync("/robotics/workspaces/default-workspace/rooms"))["rooms"]!.AsArray();
        Assert.Equal("arm", Assert.Single(rooms)!["id"]!.GetValue<string>());
        await silo.PostAsync("/robotics/workspaces/default-workspace/rooms/arm/command", Command("Rotation", 1));

        var refused = await silo.TryAsync(HttpMethod.Delete, "/robotics/workspaces/default-workspace/rooms/arm");
        Assert.Equal(403, refused.Status);
        Assert.Contains("was not created as a room", refused.Body!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_in_RobotHubs_words()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, $"{Rooms}/x"), (HttpMethod.Get, $"{Rooms}/x/state"), (HttpMethod.Delete, $"{Rooms}/x"),
            (HttpMethod.Post, $"{Rooms}/x/command"),
        })
        {
            var answer = await silo.TryAsync(method, path, method == HttpMethod.Post ? "{}" : null);
            Assert.Equal(404, answer.Status);
            Same("""{"detail":"Room not found"}""", answer.Body!);
        }

        Same("""{"detail":"Not Found"}""", (await silo.TryAsync(HttpMethod.Get, "/api/robotics/nothing")).Body!);
        var video = await silo.TryAsync(HttpMethod.Get, "/api/video/workspaces/w1/rooms");
        Assert.Equal(404, video.Status);
        Assert.Contains("Video rooms are not served", video.Body!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"max_consumers":0}""", "max_consumers", "greater_than_equal")]
    [InlineData("""{"max_consumers":101}""", "max_consumers", "less_than_equal")]
    [InlineData("""{"max_consumers":2.5}""", "max_consumers", "int_type")]
    [InlineData("""{"robot_type":"crane"}""", "robot_type", "enum")]
    [InlineData("""{"room_id":7}""", "room_id", "string_type")]
    [InlineData("""{"room_id":"a\u0007"}""", "room_id", "value_error")]
    [InlineData("[]", null, "model_attributes_type")]
    [InlineData("{", null, "json_invalid")]
    public async Task A_wrong_room_is_refused_with_the_place(string body, string? field, string type)
    {
        await using var silo = await RoomSilo.OpenAsync(shared);

        var answer = await silo.TryAsync(HttpMethod.Post, Rooms, body);

        Assert.Equal(422, answer.Status);
        var fault = answer.Body!["detail"]![0]!;
        Assert.Equal(type, fault["type"]!.GetValue<string>());
        Assert.Equal(field is null ? ["body"] : ["body", field], fault["loc"]!.AsArray().Select(part => part!.GetValue<string>()));
        Assert.NotEmpty(fault["msg"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_id_in_a_path_is_not_too_long()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);

        var answer = await silo.TryAsync(HttpMethod.Post, $"/robotics/workspaces/{new string('w', 101)}/rooms", "{}");

        Assert.Equal(422, answer.Status);
        Assert.Equal("""["path","workspace_id"]""", answer.Body!["detail"]![0]!["loc"]!.ToJsonString());
    }

    [Fact]
    public async Task Commands_move_the_robot_and_count_the_joints_whose_goal_changed()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        object two = new { joints = new[] { new { name = "Rotation", value = 20.0, speed = 100 }, new { name = "gripper", value = 30.0, speed = 0 } } };

        Same(
            """{"success":true,"workspace_id":"w1","room_id":"r1","joints_updated":2,"message":"Commands sent successfully"}""",
            await silo.PostAsync($"{Rooms}/r1/command", two));
        Assert.Equal(0, (await silo.PostAsync($"{Rooms}/r1/command", two))["joints_updated"]!.GetValue<int>());
        await Eventually.Holds("both joints arrive", () => silo.JointsAsync().GetAwaiter().GetResult() is { Count: 2 } joints
            && joints["Rotation"]!.GetValue<double>() == 20 && joints["Jaw"]!.GetValue<double>() == 30);
    }

    [Theory]
    [InlineData("{}", """["body","joints"]""", "missing")]
    [InlineData("""{"joints":[]}""", """["body","joints"]""", "too_short")]
    [InlineData("""{"joints":1}""", """["body","joints"]""", "list_type")]
    [InlineData("""{"joints":[{"name":"Jaw"}]}""", """["body","joints",0,"value"]""", "missing")]
    [InlineData("""{"joints":[{"name":"Jaw","value":361}]}""", """["body","joints",0,"value"]""", "less_than_equal")]
    [InlineData("""{"joints":[{"name":"Jaw","value":-361}]}""", """["body","joints",0,"value"]""", "greater_than_equal")]
    [InlineData("""{"joints":[{"name":"Jaw","value":1e999}]}""", """["body","joints",0,"value"]""", "less_than_equal")]
    [InlineData("""{"joints":[{"name":"Jaw","value":"1"}]}""", """["body","joints",0,"value"]""", "float_type")]
    [InlineData("""{"joints":[{"name":"Jaw","value":1,"speed":101}]}""", """["body","joints",0,"speed"]""", "less_than_equal")]
    [InlineData("""{"joints":[{"name":"Jaw","value":1},{"name":"","value":1}]}""", """["body","joints",1,"name"]""", "string_too_short")]
    [InlineData("""{"joints":[{"name":"Knee","value":1}]}""", """["body","joints",0,"name"]""", "enum")]
    [InlineData("""{"joints":[7]}""", """["body","joints",0]""", "model_attributes_type")]
    public async Task A_wrong_command_is_refused_with_the_place_and_moves_nothing(string body, string place, string type)
    {
        await using var silo = await RoomSilo.OpenAsync(shared);

        var answer = await silo.TryAsync(HttpMethod.Post, $"{Rooms}/r1/command", body);

        Assert.Equal(422, answer.Status);
        Assert.Equal(place, answer.Body!["detail"]![0]!["loc"]!.ToJsonString());
        Assert.Equal(type, answer.Body!["detail"]![0]!["type"]!.GetValue<string>());
        Assert.Empty(await silo.JointsAsync());
    }

    [Fact]
    public async Task Twenty_one_joints_are_too_many()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        var body = $$"""{"joints":[{{string.Join(',', Enumerable.Repeat("""{"name":"Jaw","value":1}""", 21))}}]}""";

        Assert.Equal("too_long", (await silo.TryAsync(HttpMethod.Post, $"{Rooms}/r1/command", body)).Body!["detail"]![0]!["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused_in_RobotHubs_shape()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);

        var answer = await silo.TryAsync(HttpMethod.Post, Rooms, $$"""{"name":"{{new string('x', 70_000)}}"}""");

        Assert.Equal(413, answer.Status);
        Assert.NotEmpty(answer.Body!["detail"]!.GetValue<string>());
    }

    [Fact]
    public async Task Status_and_health_are_told()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var consumer = await silo.JoinAsync("consumer", "c");

        Same(
            """
            {"service":"robotics","status":"active","workspaces_count":1,"rooms_count":1,"connections_count":1,"version":"2.0.0",
             "supported_roles":["producer","consumer"],"supported_robot_types":["so-arm100","generic"],
             "cleanup":{"enabled":true,"inactivity_timeout_hours":1,"cleanup_interval_minutes":15}}
            """,
            await silo.GetAsync("/api/robotics/status"));
        Same("""{"status":"healthy","service":"robotics"}""", await silo.GetAsync("/robotics/health"));
        Same("""{"status":"healthy","server_running":true}""", await silo.GetAsync("/api/health"));
        Same("""{"status":"healthy","server_running":true,"frontend_enabled":false,"api_available":true}""", await silo.GetAsync("/health"));
    }

    [Fact]
    public async Task What_the_clean_up_will_do_is_told_and_it_leaves_what_is_used()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var consumer = await silo.JoinAsync("consumer", "c");

        var status = (await silo.GetAsync("/robotics/cleanup/status"))["cleanup_status"]!;
        Assert.Equal(60, status["inactivity_timeout_minutes"]!.GetValue<double>());
        var room = Assert.Single(status["rooms"]!.AsArray())!;
        Assert.True(room["has_connections"]!.GetValue<bool>());
        Assert.False(room["will_be_cleaned"]!.GetValue<bool>());

        var result = (await silo.PostAsync("/robotics/cleanup/manual"))["cleanup_result"]!;
        Assert.Equal((1, 1, 0), (
            result["rooms_before"]!.GetValue<int>(), result["rooms_after"]!.GetValue<int>(), result["rooms_removed"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Making_and_removing_a_room_is_on_the_record()
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await silo.TryAsync(HttpMethod.Delete, $"{Rooms}/r1");

        var records = (await silo.GetAsync("/api/v1/audit"))["items"]!.AsArray()
            .Where(record => record!["detail"]?.GetValue<string>() == "room w1/r1")
            .Select(record => record!["what"]!.GetValue<string>()).Take(2);
        Assert.Equal(["robot-removed", "robot-made"], records);
    }

    private static object Command(string name, double value) => new { joints = new[] { new { name, value } } };

    private static void Same(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual.ToJsonString())), actual.ToJsonString());
}
