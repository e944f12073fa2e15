using System.Text.Json.Nodes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Api;

public sealed class QueryTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task An_unknown_query_member_is_refused_on_every_route_of_the_document_and_every_known_one_is_taken()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var taken = new List<string>();
        var paths = (await silo.GetAsync("/openapi/v1.json"))["paths"]!.AsObject();
        foreach (var (path, operations) in paths)
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                var known = (operation!["parameters"]?.AsArray() ?? []).Where(one => one!["in"]!.GetValue<string>() == "query")
                    .Select(one => one!["name"]!.GetValue<string>()).ToArray();
                var query = string.Concat(known.Select(name => $"&{name}=1"));
                using var request = new HttpRequestMessage(HttpMethod.Parse(method), $"{path.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)}?site=lab{query}");
                using var response = await silo.Http.SendAsync(request);
                var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync());
                var errors = problem?["errors"]?.AsObject().Select(error => error.Key).ToArray();
                if ((int)response.StatusCode != 422 || errors is not ["site"])
                    taken.Add($"{method} {path}: {(int)response.StatusCode} {problem?["detail"]}");
            }
        }

        Assert.Empty(taken);
        Assert.True(paths.Count > 20);
    }

    [Theory]
    [InlineData("/api/v1/robots?Limit=5", 200, null)]
    [InlineData("/api/v1/devices?site=lab", 422, "site: is unknown; known are after, limit")]
    [InlineData("/api/v1/fleet?verbose", 422, "verbose: is unknown; this route has no query members")]
    [InlineData("/healthz?x=1", 422, "x: is unknown; this route has no query members")]
    [InlineData("/api/v1/nothing?x=1", 404, null)]
    public async Task The_problem_names_the_member_and_the_known_ones(string path, int status, string? detail)
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        using var response = await silo.Http.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(status, (int)response.StatusCode);
        if (detail is not null)
            Assert.Equal(detail, JsonNode.Parse(await response.Content.ReadAsStringAsync())!["detail"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("/ws/master/arm?name=a&names=arena&takeover=true", null)]
    [InlineData("/ws/slave/arm?nmae=a", "nmae")]
    [InlineData("/ws/panel?rate=5&robots=arm", null)]
    [InlineData("/ws/panel?robot=arm", "robot")]
    public async Task A_WebSockets_address_is_held_to_the_same(string path, string? unknown)
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        using var response = await silo.Http.GetAsync(new Uri(path, UriKind.Relative));

        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(unknown is null ? 426 : 422, (int)response.StatusCode);
        Assert.Equal(unknown, problem["errors"]?.AsObject().Single().Key);
    }
}
