using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Armada.Testing.Registry;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Provisioning;

/// <summary>/enrollment-tokens and /enrollments: a fresh machine and the admin who let it in.</summary>
public sealed class EnrollmentRouteTests(Broker broker) : IClassFixture<Broker>
{
    private const string Tokens = "/api/v1/enrollment-tokens";
    private const string Enrollments = "/api/v1/enrollments";

    [Fact]
    public async Task A_token_enrols_one_device_which_gets_all_it_needs_to_run()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        using var keys = new DeviceKeys();
        var token = await TokenAsync(silo, new { kind = "so101-leader", site = "lab" });

        var answer = await EnrollAsync(silo, token, "leader-1", keys);

        Assert.True(keys.IsIn(answer["certificate"]!.GetValue<string>()));
        using var certificate = X509Certificate2.CreateFromPem(answer["certificate"]!.GetValue<string>());
        using var authority = X509Certificate2.CreateFromPem(answer["ca"]!.GetValue<string>());
        Assert.Equal(authority.Subject, certificate.Issuer);
        Assert.Equal(silo.Topics.Root, answer["topic_root"]!.GetValue<string>());
        Assert.Equal("127.0.0.1", answer["broker"]!["hosts"]![0]!.GetValue<string>());
        var device = await silo.GetAsync($"{ProvisioningRig.Devices}/leader-1");
        Assert.Equal(("so101-leader", "lab"), (device["kind"]!.GetValue<string>(), device["site"]!.GetValue<string>()));
        using var others = new DeviceKeys();
        Assert.Equal((403, "token-refused"), await AskAsync(silo, token, "leader-2", others));
        Assert.Equal((403, "token-refused"), await AskAsync(silo, token, "leader-1", others));
        Assert.Equal((403, "token-refused"), await AskAsync(silo, token, "leader-2", keys));
        var again = await EnrollAsync(silo, token, "leader-1", keys);
        Assert.Equal(answer["certificate"]!.GetValue<string>(), again["certificate"]!.GetValue<string>());
        var listed = Assert.Single((await silo.GetAsync(Tokens))["items"]!.AsArray())!;
        Assert.Equal(("leader-1", false), (listed["used_by"]!.GetValue<string>(), listed["good"]!.GetValue<bool>()));
    }

    [Fact]
    public async Task A_token_that_is_not_used_yet_outlives_a_restart()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        var token = await TokenAsync(silo, new { kind = "agent", name = "pi-1" });
        await silo.StopAsync();
        await silo.StartAsync();
        using var keys = new DeviceKeys();

        Assert.Equal("pi-1", (await EnrollAsync(silo, token, null, keys))["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_device_that_was_deleted_does_not_come_back_with_its_token()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        using var keys = new DeviceKeys();
        var token = await TokenAsync(silo, new { kind = "so101-leader" });
        await EnrollAsync(silo, token, "leader-1", keys);
        await silo.SendAsync(HttpMethod.Delete, $"{ProvisioningRig.Devices}/leader-1");

        Assert.Equal((403, "token-refused"), await AskAsync(silo, token, "leader-1", keys));
    }

    [Fact]
    public async Task A_name_that_is_taken_costs_no_token()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        using var keys = new DeviceKeys();
        await silo.MakeAsync("leader-1");
        var token = await TokenAsync(silo, new { kind = "so101-leader" });

        Assert.Equal((409, "device-exists"), await AskAsync(silo, token, "leader-1", keys));

        await EnrollAsync(silo, token, "leader-2", keys);
    }

    [Fact]
    public async Task A_removed_or_unknown_token_opens_nothing()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        using var keys = new DeviceKeys();
        var token = await TokenAsync(silo, new { kind = "so101-leader" });
        var id = Assert.Single((await silo.GetAsync(Tokens))["items"]!.AsArray())!["id"]!.GetValue<string>();
        Assert.Equal((204, null), await silo.AskAsync(HttpMethod.Delete, $"{Tokens}/{id}"));
        Assert.Equal((404, "token-unknown"), await silo.AskAsync(HttpMethod.Delete, $"{Tokens}/{id}"));

        foreach (var text in new[] { token, "", "armada_000000000000_x", token + "x", "no token" })
            Assert.Equal((403, "token-refused"), await AskAsync(silo, text, "leader-1", keys));
        Assert.Empty((await silo.GetAsync(ProvisioningRig.Devices))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_token_authorizes_nothing_else_and_a_key_enrolls_nobody()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        var token = await TokenAsync(silo, new { kind = "so101-leader" });
        var key = await silo.MakeKeyAsync("boss", "admin");

        silo.UseKey(token);
        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
        silo.UseKey(null);
        using var keys = new DeviceKeys();
        Assert.Equal((403, "token-refused"), await AskAsync(silo, key, "leader-1", keys));
        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Post, Tokens, new { kind = "agent" }));
        await EnrollAsync(silo, token, "leader-1", keys); // Without any key of the silo's doors.
    }

    [Fact]
    public async Task A_token_that_cannot_be_is_refused_by_its_field()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        foreach (var (field, kind, role, site, name, minutes) in new (string, string, string?, string?, string?, int?)[]
        {
            ("kind", "arm", null, null, null, null),
            ("role", "agent", "leader", null, null, null),
            ("site", "agent", null, "a/b", null, null),
            ("name", "agent", null, null, "armada-silo", null),
            ("minutes", "agent", null, null, null, 0),
            ("minutes", "agent", null, null, null, 1441),
        })
        {
            using var answer = await silo.Http.PostAsync(
                new Uri(Tokens, UriKind.Relative), System.Net.Http.Json.JsonContent.Create(new { kind, role, site, name, minutes }));

            Assert.Equal(422, (int)answer.StatusCode);
            Assert.Equal(field, Assert.Single(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["errors"]!.AsObject()).Key);
        }
    }

    [Fact]
    public async Task A_device_must_say_the_tokens_name_or_one_where_it_has_none_and_bring_a_request()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        using var keys = new DeviceKeys();
        var named = await TokenAsync(silo, new { kind = "agent", name = "pi-1" });
        var free = await TokenAsync(silo, new { kind = "agent" });

        Assert.Equal((422, "invalid"), await AskAsync(silo, named, "pi-2", keys));
        Assert.Equal((422, "invalid"), await AskAsync(silo, free, null, keys));
        Assert.Equal((422, "invalid"), await AskAsync(silo, free, "armada-silo", keys));
        Assert.Equal((422, "invalid"), await silo.AskAsync(HttpMethod.Post, Enrollments, new { token = free, name = "pi-2", csr = "none" }));
        await EnrollAsync(silo, free, "pi-2", keys);
    }

    private static async Task<string> TokenAsync(RunningSilo silo, object body) =>
        (await silo.SendAsync(HttpMethod.Post, Tokens, body))!["token"]!.GetValue<string>();

    private static async Task<JsonNode> EnrollAsync(RunningSilo silo, string token, string? name, DeviceKeys keys) =>
        (await silo.SendAsync(HttpMethod.Post, Enrollments, new { token, name, csr = keys.Request }))!;

    private static Task<(int Status, string? Problem)> AskAsync(RunningSilo silo, string token, string? name, DeviceKeys keys) =>
        silo.AskAsync(HttpMethod.Post, Enrollments, new { token, name, csr = keys.Request });
}
