using System.Text.Json.Nodes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Audit;

public sealed class AuditRouteTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task Every_change_at_the_doors_is_written_down_with_who_and_what()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        await silo.MakeRobotAsync("arm");
        await silo.MakeRobotAsync("arm"); // Again: nothing changes, nothing is written.
        await silo.SendAsync(HttpMethod.Put, "/api/v1/robots/arm", new { model = "so101", joints = new[] { new { name = "gripper", max = 50 } } });
        await silo.BindMasterAsync("arm", "leader", takeover: true);
        await silo.BindSlaveAsync("arm", "follower");
        await silo.PostAsync("/robots/arm/stop");
        await silo.PostAsync("/robots/arm/reset");
        await silo.PostAsync("/fleet/stop");
        await silo.PostAsync("/fleet/reset");
        await silo.SendAsync(HttpMethod.Delete, "/api/v1/robots/arm/slaves/follower");
        await silo.SendAsync(HttpMethod.Delete, "/api/v1/robots/arm/master");
        await silo.AskAsync(HttpMethod.Delete, "/api/v1/robots/none");
        await silo.SendAsync(HttpMethod.Delete, "/api/v1/robots/arm");
        await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("Authorization", "Bearer armada_000000000000_guess"));

        var said = (await AllAsync(silo)).Select(record => $"{record["who"]} {record["what"]} {record["subject"]} {record["detail"]}".TrimEnd()).Reverse();

        Assert.Equal(
            [
                "local key-made boss admin",
                "boss robot-made arm so101",
                "boss robot-changed arm so101",
                "boss master-bound arm device leader, takeover",
                "boss slave-bound arm device follower",
                "boss stop arm",
                "boss reset arm",
                "boss fleet-stop fleet",
                "boss fleet-reset fleet",
                "boss slave-unbound arm follower",
                "boss master-unbound arm",
                "boss robot-removed arm",
                "unknown login-refused silo",
            ],
            said.Where(line => !line.StartsWith("silo ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_trail_survives_a_restart_and_is_read_in_parts()
    {
        await using var silo = await RunningSilo.StartAsync(broker, options => options with { Http = options.Http with { Open = true } });
        for (var i = 0; i < 25; i++)
            await silo.MakeRobotAsync($"arm-{i}");
        await silo.StopAsync();
        await silo.StartAsync();
        await silo.PostAsync("/robots/arm-7/stop");

        var seen = new List<long>();
        var (path, parts) = ("/api/v1/audit?limit=10", 0);
        while (path is not null)
        {
            var part = await silo.GetAsync(path);
            seen.AddRange(part["items"]!.AsArray().Select(record => record!["seq"]!.GetValue<long>()));
            path = part["next"]?.GetValue<string>() is { } next ? $"/api/v1/audit?limit=10&after={next}" : null;
            parts++;
        }

        Assert.Equal(3, parts);
        Assert.Equal(Enumerable.Range(1, 26).Reverse().Select(seq => (long)seq), seen);
        var stops = await silo.GetAsync("/api/v1/audit?robot=arm-7&what=stop");
        Assert.Equal(26, Assert.Single(stops["items"]!.AsArray())!["seq"]!.GetValue<long>());
    }

    [Fact]
    public async Task Refused_keys_cannot_fill_the_trail()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));

        for (var i = 0; i < 100; i++)
            await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("Authorization", $"Bearer armada_000000000000_{i}"));

        Assert.Single((await silo.GetAsync("/api/v1/audit?what=login-refused"))["items"]!.AsArray());
    }

    private static async Task<List<JsonNode>> AllAsync(RunningSilo silo) =>
        [.. (await silo.GetAsync("/api/v1/audit?limit=200"))["items"]!.AsArray().Select(record => record!)];
}
