using System.Net.Http.Json;
using System.Text;
using Armada.Silo.Api;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Api;

public sealed class DocumentTests(Broker broker) : IClassFixture<Broker>
{
    private static readonly string[] Lists = ["robots", "sequences", "keys", "audit", "devices", "authorities", "enrollment-tokens", "fleet"];

    [Fact]
    public async Task Answers_and_refusals_are_as_the_document_says()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        using var answers = new DocumentedAnswers(await silo.GetAsync("/openapi/v1.json"));
        using var http = new HttpClient(answers) { BaseAddress = silo.Http.BaseAddress };
        async Task Send(HttpMethod method, string path, object? body = null)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is string text ? new StringContent(text, Encoding.UTF8, "application/json") : body is null ? null : JsonContent.Create(body) };
            using var response = await http.SendAsync(request);
        }

        await Send(HttpMethod.Get, "/healthz");
        await Send(HttpMethod.Get, "/readyz");
        foreach (var list in Lists)
        {
            await Send(HttpMethod.Get, $"/api/v1/{list}");
            await Send(HttpMethod.Get, $"/api/v1/{list}?site=lab");
        }

        const string Arm = "/api/v1/robots/arm";
        await Send(HttpMethod.Get, Arm);
        await Send(HttpMethod.Post, "/api/v1/robots", "{");
        await Send(HttpMethod.Post, "/api/v1/robots", new { id = "a b", model = "so101" });
        await Send(HttpMethod.Post, "/api/v1/robots", new { id = "arm", model = "so101" });
        await Send(HttpMethod.Post, "/api/v1/robots", new { id = "arm", model = "so101" });
        await Send(HttpMethod.Put, Arm, new { model = "so101" });
        await Send(HttpMethod.Get, $"{Arm}/master");
        await Send(HttpMethod.Post, $"{Arm}/command", new { joints = new[] { new { name = "gripper", value = 5 } } });
        await Send(HttpMethod.Put, $"{Arm}/master", new { type = "device", device = "leader" });
        await Send(HttpMethod.Put, $"{Arm}/master", new { type = "device", device = "other" });
        await Send(HttpMethod.Post, $"{Arm}/slaves", new { type = "device", device = "follower" });
        await Send(HttpMethod.Get, $"{Arm}/slaves?limit=1");
        await Send(HttpMethod.Get, $"{Arm}/slaves?limit=x");
        await Send(HttpMethod.Get, $"{Arm}/slaves/follower");
        await Send(HttpMethod.Get, $"{Arm}/master");
        await Send(HttpMethod.Get, $"{Arm}/state");
        await Send(HttpMethod.Post, $"{Arm}/stop");
        await Send(HttpMethod.Post, $"{Arm}/reset");
        await Send(HttpMethod.Post, $"{Arm}/master/pause");
        await Send(HttpMethod.Get, "/api/v1/robots");
        await Send(HttpMethod.Delete, $"{Arm}/slaves/follower");
        await Send(HttpMethod.Delete, $"{Arm}/master");
        await Send(HttpMethod.Delete, Arm);
        await Send(HttpMethod.Delete, Arm);
        await Send(HttpMethod.Get, "/api/v1/bundles/none");

        Assert.True(answers.Checked.Count > 35, string.Join('\n', answers.Checked));
    }

    [Fact]
    public async Task Every_call_has_a_name_of_its_own_a_tag_and_but_for_anonymous_ones_its_keys_and_least_role()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var document = await silo.GetAsync("/openapi/v1.json");
        var operations = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()).Select(one => one.Value!).ToList();

        Assert.Equal(operations.Count, operations.Select(one => one["operationId"]!.GetValue<string>()).Distinct().Count());
        Assert.All(operations, one => Assert.NotEmpty(one["tags"]!.AsArray()));
        Assert.Equal(
            ["createEnrollment", "getBundle", "getHealthz", "getReadyz"],
            operations.Where(one => one["security"] is null).Select(one => one["operationId"]!.GetValue<string>()).Order(StringComparer.Ordinal));
        Assert.Equal(["api_key", "bearer"], document["components"]!["securitySchemes"]!.AsObject().Select(one => one.Key).Order(StringComparer.Ordinal));
        Assert.Equal("Needs the role operator.", document["paths"]!["/api/v1/fleet/stop"]!["post"]!["description"]!.GetValue<string>());
        Assert.Contains("application/zip", document["paths"]!["/api/v1/bundles/{secret}"]!["get"]!["responses"]!["200"]!["content"]!.AsObject().Select(one => one.Key));
    }

    [Fact]
    public async Task Every_example_is_as_its_schema_says()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var document = await silo.GetAsync("/openapi/v1.json");
        using var answers = new DocumentedAnswers(document);

        var examples = document["components"]!["schemas"]!.AsObject().Where(one => one.Value!["examples"] is not null).ToList();

        Assert.Equal(5, examples.Count);
        Assert.All(examples, one => Assert.Null(answers.WrongBy(one.Value!, one.Value!["examples"]![0])));
    }

    [Theory]
    [InlineData("GET", "api/v1/robots", "listRobots")]
    [InlineData("POST", "api/v1/robots/{id}/slaves", "createRobotSlave")]
    [InlineData("PUT", "api/v1/robots/{id}/master", "putRobotMaster")]
    [InlineData("POST", "api/v1/robots/{id}/master/pause", "pauseRobotMaster")]
    [InlineData("POST", "api/v1/fleet/stop", "stopFleet")]
    [InlineData("GET", "api/v1/authorities/{id}/crl", "getAuthorityCrl")]
    [InlineData("DELETE", "api/v1/enrollment-tokens/{id}", "deleteEnrollmentToken")]
    public void A_call_is_named_by_what_it_does(string method, string path, string name) => Assert.Equal(name, ApiDocument.NameOf(method, path));
}
