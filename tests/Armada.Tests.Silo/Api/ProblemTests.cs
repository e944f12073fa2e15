using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Api;

public sealed class ProblemTests(Broker broker) : IClassFixture<Broker>
{
    private const string Bind = """{"type":"device","device":"free"}""";

    public static TheoryData<string, string, string?, int, string> Refusals => new()
    {
        { "GET", "/robots/none", null, 404, "robot-unknown" },
        { "DELETE", "/robots/none", null, 404, "robot-unknown" },
        { "GET", "/robots/none/state", null, 404, "robot-unknown" },
        { "POST", "/robots/none/stop", null, 404, "robot-unknown" },
        { "POST", "/robots/none/reset", null, 404, "robot-unknown" },
        { "GET", "/robots/none/master", null, 404, "robot-unknown" },
        { "PUT", "/robots/none/master", Bind, 404, "robot-unknown" },
        { "DELETE", "/robots/none/master", null, 404, "robot-unknown" },
        { "GET", "/robots/none/slaves", null, 404, "robot-unknown" },
        { "POST", "/robots/none/slaves", Bind, 404, "robot-unknown" },
        { "GET", "/robots/none/slaves/follower", null, 404, "robot-unknown" },
        { "DELETE", "/robots/none/slaves/follower", null, 404, "robot-unknown" },
        { "GET", "/robots/bare/master", null, 404, "master-none" },
        { "GET", "/robots/arm/slaves/none", null, 404, "slave-unknown" },
        { "DELETE", "/robots/arm/slaves/none", null, 404, "slave-unknown" },
        { "POST", "/robots", """{"id":"arm","model":"so100"}""", 409, "robot-exists" },
        { "PUT", "/robots/arm/master", Bind, 409, "master-held" },
        { "PUT", "/robots/bare/master", """{"type":"device","device":"follower"}""", 409, "device-busy" },
        { "POST", "/robots/bare/slaves", """{"type":"device","device":"leader"}""", 409, "device-busy" },
        { "POST", "/robots/arm/slaves", """{"type":"device","device":"leader"}""", 409, "device-busy" },
        { "GET", "/nowhere", null, 404, "http-404" },
        { "PATCH", "/robots", null, 405, "http-405" },
        { "POST", "/robots", "{", 400, "not-json" },
    };

    public static TheoryData<string, string, string, string> WrongFields => new()
    {
        { "POST", "/robots", """{"id":"a b","model":"so101"}""", "id" },
        { "POST", "/robots", """{"id":"x","model":"so999"}""", "model" },
        { "POST", "/robots", """{"model":"so101"}""", "body" },
        { "POST", "/robots", """{"id":"x"}""", "model" },
        { "POST", "/robots", """{"id":"x","model":null}""", "model" },
        { "POST", "/robots", """{"id":"x","model":"so101","color":"red"}""", "color" },
        { "POST", "/robots", """{"id":"x","model":"so101","joints":[{"name":"tail"}]}""", "joints[0].name" },
        { "POST", "/robots", """{"id":"x","model":"so101","joints":[null]}""", "joints[0].name" },
        { "POST", "/robots", """{"id":"x","model":"so101","joints":[{"name":"gripper","min":-1}]}""", "joints[0].min" },
        { "POST", "/robots", """{"id":"x","model":"so101","joints":[{"name":"gripper","min":50,"max":40}]}""", "joints[0].max" },
        { "POST", "/robots", """{"id":"x","model":"so101","joints":[{"name":"gripper","max_velocity":0}]}""", "joints[0].max_velocity" },
        { "POST", "/robots", """{"id":"x","model":"so101","joints":[{"name":"gripper","rest":101}]}""", "joints[0].rest" },
        { "POST", "/robots", """{"id":"x","model":"so101","joints":[{"name":"gripper","min":"5"}]}""", "joints[0].min" },
        { "PUT", "/robots/arm", """{"model":"so999"}""", "model" },
        { "PUT", "/robots/a%20b", """{"model":"so101"}""", "id" },
        { "PUT", "/robots/arm/master", """{"type":"replay","device":"x"}""", "type" },
        { "PUT", "/robots/arm/master", """{"type":"device","device":"+"}""", "device" },
        { "PUT", "/robots/arm/master", """{"type":"device","device":"x","takeover":"yes"}""", "takeover" },
        { "POST", "/robots/arm/slaves", """{"type":"device","device":"#"}""", "device" },
        { "POST", "/robots/arm/slaves", """{"type":"device"}""", "device" },
        { "POST", "/robots/arm/slaves", """{"device":"x"}""", "body" },
    };

    [Fact]
    public async Task Every_refusal_has_its_type_and_says_what_to_do()
    {
        await using var silo = await StartAsync();
        foreach (var row in Refusals)
        {
            var (method, path, body, status, type) = ((string)row[0], (string)row[1], (string?)row[2], (int)row[3], (string)row[4]);
            var problem = await SendAsync(silo, method, path, body, status);
            Assert.Equal($"urn:armada:problem:{type}", problem["type"]!.GetValue<string>());
            Assert.False(string.IsNullOrEmpty(problem["title"]!.GetValue<string>()), $"{method} {path} has no title");
        }
    }

    [Fact]
    public async Task Every_wrong_field_is_named()
    {
        await using var silo = await StartAsync();
        foreach (var row in WrongFields)
        {
            var (method, path, body, field) = ((string)row[0], (string)row[1], (string)row[2], (string)row[3]);
            var problem = await SendAsync(silo, method, path, body, 422);
            Assert.Equal("urn:armada:problem:invalid", problem["type"]!.GetValue<string>());
            var errors = problem["errors"]!.AsObject();
            Assert.True(errors.ContainsKey(field), $"{method} {path} {body}: {errors} does not name {field}");
        }
    }

    [Fact]
    public async Task A_held_master_and_a_busy_device_are_named()
    {
        await using var silo = await StartAsync();

        var held = await SendAsync(silo, "PUT", "/robots/arm/master", Bind, 409);
        var busy = await SendAsync(silo, "POST", "/robots/bare/slaves", """{"type":"device","device":"leader"}""", 409);

        Assert.Contains("leader", held["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("master of arm", busy["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_more_than_64_KiB_is_refused()
    {
        await using var silo = await StartAsync();

        var problem = await SendAsync(silo, "PUT", "/robots/arm/master", $$"""{"type":"{{new string('x', 70_000)}}"}""", 413);

        Assert.Equal("urn:armada:problem:too-large", problem["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_page_of_another_site_cannot_release_a_stop()
    {
        await using var silo = await StartAsync();
        await silo.PostAsync("/fleet/stop");

        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/api/v1/fleet/reset");
        foreign.Headers.Add("Origin", "http://elsewhere.example");
        using var rebound = new HttpRequestMessage(HttpMethod.Post, "/api/v1/fleet/reset");
        rebound.Headers.Host = "elsewhere.example";

        foreach (var request in new[] { foreign, rebound })
            Assert.Equal(HttpStatusCode.Forbidden, (await silo.Http.SendAsync(request)).StatusCode);
        Assert.True((await silo.GetAsync("/api/v1/fleet"))["stopped"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_change_the_disk_refuses_is_a_503()
    {
        await using var silo = await StartAsync();
        using var broken = silo.BreakStorage("bare");

        var problem = await SendAsync(silo, "PUT", "/robots/bare/master", Bind, 503);

        Assert.Equal("urn:armada:problem:not-stored", problem["type"]!.GetValue<string>());
    }

    private async Task<RunningSilo> StartAsync()
    {
        var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        await silo.MakeRobotAsync("bare");
        await silo.BindMasterAsync("arm", "leader");
        await silo.BindSlaveAsync("arm", "follower");
        return silo;
    }

    private static async Task<JsonNode> SendAsync(RunningSilo silo, string method, string path, string? body, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/v1" + path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        using var response = await silo.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{method} {path} {body}: {(int)response.StatusCode} {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(text)!;
    }
}
