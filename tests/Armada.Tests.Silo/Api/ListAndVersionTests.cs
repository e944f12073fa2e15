using System.Net;
using System.Text.Json.Nodes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Api;

public sealed class ListAndVersionTests(Broker broker) : IClassFixture<Broker>
{
    private static readonly object Model = new { model = "so101" };
    private static readonly object Narrower = new { model = "so101", joints = new[] { new { name = "gripper", max = 50 } } };

    [Theory]
    [InlineData("/api/v1/robots?limit=7")]
    [InlineData("/api/v1/robots?limit=1")]
    [InlineData("/api/v1/robots?limit=20")]
    [InlineData("/api/v1/robots/arm-00/slaves?limit=7")]
    [InlineData("/api/v1/keys?limit=7")]
    public async Task A_list_read_in_parts_has_each_item_once_in_order(string first)
    {
        await using var silo = await RunningSilo.StartAsync(broker, options => options with { Http = options.Http with { Open = true } });
        for (var i = 0; i < 20; i++)
        {
            await silo.MakeRobotAsync($"arm-{i:00}");
            await silo.BindSlaveAsync("arm-00", $"follower-{i:00}");
            await silo.MakeKeyAsync($"key-{i:00}", "viewer");
        }

        var names = new List<string>();
        for (var path = first; path is not null;)
        {
            var part = await silo.GetAsync(path);
            names.AddRange(part["items"]!.AsArray().Select(item => (item!["name"] ?? item["device"] ?? item["id"])!.GetValue<string>()));
            path = part["next"]?.GetValue<string>() is { } next ? $"{first}&after={Uri.EscapeDataString(next)}" : null;
        }

        Assert.Equal(20, names.Count);
        Assert.Equal(names.Order(StringComparer.Ordinal).Distinct(), names);
    }

    [Theory]
    [InlineData("/api/v1/robots", "0", 422)]
    [InlineData("/api/v1/robots", "201", 422)]
    [InlineData("/api/v1/keys", "-1", 422)]
    [InlineData("/api/v1/audit", "99999999999", 400)]
    [InlineData("/api/v1/robots/arm/slaves", "many", 400)]
    public async Task A_wrong_limit_is_refused(string path, string limit, int status)
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");

        Assert.Equal(status, (await silo.AskAsync(HttpMethod.Get, $"{path}?limit={limit}")).Status);
    }

    [Fact]
    public async Task A_change_made_for_an_older_version_is_refused()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        var seen = await TagAsync(silo);

        Assert.Equal(200, (await PutAsync(silo, "arm", Narrower, ("If-Match", seen))).Status);

        Assert.Equal((412, "version-changed"), await PutAsync(silo, "arm", Model, ("If-Match", seen)));
        Assert.Equal(50, await GripperMaxAsync(silo));
        Assert.Equal((412, "version-changed"), await PutAsync(silo, "arm", Model, ("If-Match", $"W/{await TagAsync(silo)}")));
        Assert.Equal((412, "version-changed"), await PutAsync(silo, "none", Model, ("If-Match", "*")));
        Assert.Equal(400, (await PutAsync(silo, "arm", Model, ("If-Match", "unquoted"))).Status);
        Assert.Equal(200, (await PutAsync(silo, "arm", Model, ("If-Match", $"\"0\", {await TagAsync(silo)}"))).Status);
        Assert.Equal(200, (await PutAsync(silo, "arm", Model, ("If-Match", "*"))).Status);
        Assert.Equal(200, (await PutAsync(silo, "arm", Model)).Status);
    }

    [Fact]
    public async Task Of_many_that_change_the_same_version_one_does()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        var seen = await TagAsync(silo);

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => PutAsync(
            silo, "arm", new { model = "so101", joints = new[] { new { name = "gripper", max = 10 + i } } }, ("If-Match", seen))));

        Assert.Equal(1, answers.Count(answer => answer.Status == 200));
        Assert.All(answers.Where(answer => answer.Status != 200), answer => Assert.Equal((412, "version-changed"), answer));
    }

    [Fact]
    public async Task A_robot_can_be_made_only_where_it_is_new()
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        Assert.Equal(201, (await PutAsync(silo, "arm", Model, ("If-None-Match", "*"))).Status);
        Assert.Equal((412, "version-changed"), await PutAsync(silo, "arm", Model, ("If-None-Match", "*")));
    }

    private static Task<(int Status, string? Problem)> PutAsync(RunningSilo silo, string id, object body, params (string, string)[] headers) =>
        silo.AskAsync(HttpMethod.Put, $"/api/v1/robots/{id}", body, headers);

    private static async Task<string> TagAsync(RunningSilo silo)
    {
        using var response = await silo.Http.GetAsync(new Uri("/api/v1/robots/arm", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var version = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["version"]!.GetValue<long>();
        Assert.Equal($"\"{version}\"", response.Headers.ETag!.Tag);
        return response.Headers.ETag.Tag;
    }

    private static async Task<double> GripperMaxAsync(RunningSilo silo) =>
        (await silo.GetAsync("/api/v1/robots/arm"))["joints"]!.AsArray().Single(joint => joint!["name"]!.GetValue<string>() == "gripper")!["max"]!.GetValue<double>();
}
