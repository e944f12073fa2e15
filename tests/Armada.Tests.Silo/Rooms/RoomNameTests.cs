using System.Net;
using System.Net.Http.Json;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Armada.Tests.Silo.Rooms;

/// <summary>Whatever name is accepted, its resource can be read back by its URL.</summary>
public sealed class RoomNameTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Letters = "aZ09-_.~ /\\%?#&=+:;@!$'()*,[]{}|<>\"^`äßЖ漢\U0001F916\u00A0\u200B\u0000\u0007";

    [Theory]
    [InlineData("room/1")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("/")]
    public async Task A_name_that_cannot_be_one_segment_of_a_url_is_refused_with_what_is_allowed(string name)
    {
        await using var silo = await RoomSilo.OpenAsync(shared);

        var (status, text) = await CreateRoomAsync(name);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains("'/', and not be '.' or '..'", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("room")]
    [InlineData("workspace")]
    [InlineData("robot")]
    [InlineData("robot by PUT")]
    [InlineData("sequence")]
    [InlineData("sequence by PUT")]
    [InlineData("slave")]
    public async Task Every_name_that_is_accepted_can_be_read_back_by_its_url(string kind)
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        await silo.Silo.MakeRobotAsync("arm");
        var random = new Random(kind.Length);
        string[] known = ["plain", "with space", "..", ".", "...", "a/b", "/", "%2F", "%", "a%20b", "?", "#", "~", "-", "ä", "\U0001F916", " a", "a ", "a."];
        var accepted = 0;
        foreach (var name in known.Concat(Enumerable.Range(0, 120).Select(_ => Random(random))))
            accepted += await IsReachableAsync(kind, name) ? 1 : 0;

        Assert.True(accepted > 0);
    }

    private static string Random(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => Letters.EnumerateRunes().ElementAt(random.Next(Letters.EnumerateRunes().Count()))));

    private async Task<bool> IsReachableAsync(string kind, string name)
    {
        var segment = Uri.EscapeDataString(name);
        var (create, path, body) = kind switch
        {
            "room" => ("POST /robotics/workspaces/w1/rooms", $"/robotics/workspaces/w1/rooms/{segment}", new { room_id = name }),
            "workspace" => ($"POST /robotics/workspaces/{segment}/rooms", $"/robotics/workspaces/{segment}/rooms/r", new { room_id = "r" }),
            "robot" => ("POST /api/v1/robots", $"/api/v1/robots/{segment}", new { id = name, model = "so101" }),
            "robot by PUT" => ($"PUT /api/v1/robots/{segment}", $"/api/v1/robots/{segment}", new { model = "so101" }),
            "sequence" => ("POST /api/v1/sequences", $"/api/v1/sequences/{segment}", Sequence(name)),
            "sequence by PUT" => ($"PUT /api/v1/sequences/{segment}", $"/api/v1/sequences/{segment}", Sequence(null)),
            "slave" => ("POST /api/v1/robots/arm/slaves", $"/api/v1/robots/arm/slaves/{segment}", (object)new { type = "websocket", name }),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "is not a kind"),
        };
        var (method, at) = (create.Split(' ', 2)[0], create.Split(' ', 2)[1]);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(at, UriKind.Relative)) { Content = JsonContent.Create(body) };
        using var made = await shared.Silo.Http.SendAsync(request);
        if (!made.IsSuccessStatusCode)
        {
            Assert.Contains(made.StatusCode, new[] { HttpStatusCode.UnprocessableEntity, HttpStatusCode.BadRequest, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed });
            return false;
        }

        using var read = await shared.Silo.Http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.True(read.IsSuccessStatusCode, $"{kind} '{name}' was accepted, and {path} answers {(int)read.StatusCode}");
        if (kind != "workspace")
            Assert.Contains(name, Names(JsonNode.Parse(await read.Content.ReadAsStringAsync())!));
        return true;
    }

    private static object Sequence(string? id) => new
    {
        id,
        name = "a motion",
        total_duration = 0,
        commands = new[] { new { timestamp = 0, joints = new[] { new { name = "gripper", value = 1 } } } },
    };

    private static IEnumerable<string> Names(JsonNode answer) =>
        new[] { answer["id"], answer["name"], answer["room"]?["id"] }.OfType<JsonNode>().Select(name => name.GetValue<string>());

    private async Task<(HttpStatusCode Status, string Text)> CreateRoomAsync(string name)
    {
        using var answer = await shared.Silo.Http.PostAsJsonAsync(new Uri("/robotics/workspaces/w1/rooms", UriKind.Relative), new { room_id = name });
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.ToJsonString(Relaxed));
    }
}
