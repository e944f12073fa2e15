using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Armada.Silo.Provisioning;
using Armada.Testing.Registry;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Provisioning;

/// <summary>/devices and /bundles as an admin uses them.</summary>
public sealed class DeviceRouteTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task One_call_gives_a_device_its_identity_and_one_link_its_bundle_once()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);

        var made = await silo.MakeAsync("leader-1");
        var device = made["device"]!;
        Assert.False(device["certificates"]![0]!["collected"]!.GetValue<bool>());
        var bundle = await silo.CollectAsync(made);

        using var certificate = X509Certificate2.CreateFromPem(bundle.Text("leader-1.pem"), bundle.Text("leader-1.key"));
        Assert.Equal("CN=leader-1", certificate.Subject);
        Assert.Contains("ca.pem", bundle.Keys);
        Assert.Contains("README.txt", bundle.Keys);
        Assert.Equal((410, "bundle-gone"), await silo.AskAsync(HttpMethod.Get, new Uri(ProvisioningRig.UrlOf(made)).AbsolutePath));
        var shown = await silo.GetAsync($"{ProvisioningRig.Devices}/leader-1");
        Assert.Equal(ProvisioningRig.FingerprintOf(device), ProvisioningRig.FingerprintOf(shown));
        Assert.True(shown["certificates"]![0]!["collected"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("device")]
    [InlineData("micropython")]
    [InlineData("master")]
    public async Task A_device_that_is_not_registered_cannot_be_bound_and_the_nearest_name_is_suggested(string type)
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        var (method, path, bound) = type == "master"
            ? (HttpMethod.Put, "/api/v1/robots/arm/master", "device")
            : (HttpMethod.Post, "/api/v1/robots/arm/slaves", type);
        await silo.MakeAsync("follower-1", type == "micropython" ? "micropython-arm" : "so101-follower", type == "micropython" ? "follower" : null);

        Assert.Equal((404, "device-unknown"), await BindAsync("folower-1"));
        Assert.Contains("did you mean follower-1?", await DetailAsync("Follower-2"), StringComparison.Ordinal);
        Assert.Contains("POST /api/v1/devices", await DetailAsync("something-else"), StringComparison.Ordinal);
        Assert.InRange((await BindAsync("follower-1")).Status, 200, 201);

        Task<(int Status, string? Problem)> BindAsync(string device) => silo.AskAsync(method, path, new { type = bound, device });

        async Task<string> DetailAsync(string device)
        {
            using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(new { type = bound, device }) };
            using var response = await silo.Http.SendAsync(request);
            return JsonNode.Parse(await response.Content.ReadAsStringAsync())!["detail"]!.GetValue<string>();
        }
    }

    [Fact]
    public async Task Without_a_registry_any_device_can_be_bound()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");

        await silo.BindMasterAsync("arm", "leader-1");
        await silo.BindSlaveAsync("arm", "follower-1");
    }

    [Fact]
    public async Task A_call_that_is_repeated_gives_the_same_and_the_same_link_until_it_is_used()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => silo.MakeAsync("leader-1")));

        Assert.Single(answers.Select(ProvisioningRig.UrlOf).Distinct());
        Assert.Single(answers.Select(answer => ProvisioningRig.FingerprintOf(answer["device"]!)).Distinct());
        await silo.CollectAsync(answers[0]);
        var after = await silo.MakeAsync("leader-1");
        Assert.Null(after["bundle"]);
        Assert.Equal(ProvisioningRig.FingerprintOf(answers[0]["device"]!), ProvisioningRig.FingerprintOf(after["device"]!));
    }

    [Fact]
    public async Task After_a_restart_a_link_still_opens_its_bundle_and_a_repeated_call_gives_another_with_another_key()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        var (made, kept) = (await silo.MakeAsync("leader-1"), await silo.MakeAsync("leader-2"));
        await silo.StopAsync();
        await silo.StartAsync();

        var again = await silo.MakeAsync("leader-1");

        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, new Uri(ProvisioningRig.UrlOf(kept)).AbsolutePath));
        Assert.Equal((410, "bundle-gone"), await silo.AskAsync(HttpMethod.Get, new Uri(ProvisioningRig.UrlOf(kept)).AbsolutePath));
        Assert.Equal((410, "bundle-gone"), await silo.AskAsync(HttpMethod.Get, new Uri(ProvisioningRig.UrlOf(made)).AbsolutePath));
        Assert.NotEqual(ProvisioningRig.FingerprintOf(made["device"]!), ProvisioningRig.FingerprintOf(again["device"]!));
        Assert.Contains("leader-1.key", (await silo.CollectAsync(again)).Keys);
    }

    [Fact]
    public async Task With_a_request_the_key_is_in_no_answer_and_no_bundle()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        using var keys = new DeviceKeys();

        var made = await silo.MakeAsync("leader-1", csr: keys.Request);

        Assert.True(keys.IsIn(made["certificate"]!.GetValue<string>()));
        Assert.DoesNotContain((await silo.CollectAsync(made)).Keys, file => file.EndsWith(".key", StringComparison.Ordinal));
        var again = await silo.MakeAsync("leader-1", csr: keys.Request);
        Assert.Equal(made["certificate"]!.GetValue<string>(), again["certificate"]!.GetValue<string>());
        using var others = new DeviceKeys();
        Assert.Equal((409, "device-exists"), await silo.AskAsync(
            HttpMethod.Post, ProvisioningRig.Devices, new { name = "leader-1", kind = "so101-leader", csr = others.Request }));
    }

    [Fact]
    public async Task A_board_gets_the_files_that_its_program_looks_for()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);

        var bundle = await silo.CollectAsync(await silo.MakeAsync("XIAOLerobotArmLeaderAWS", "micropython-arm", "leader"));

        const string folder = "config/XIAOLerobotArmLeaderAWS/";
        using var certificate = X509CertificateLoader.LoadCertificate(bundle[folder + "cert.der"]);
        Assert.Equal("CN=XIAOLerobotArmLeaderAWS", certificate.Subject);
        Assert.True(certificate.NotAfter > DateTime.UtcNow.AddYears(4)); // Nobody renews it.
        Assert.Contains(folder + "key.der", bundle.Keys);
        var configuration = bundle.Text(folder + "config_aws.py");
        Assert.Contains("THING_NAME = b'XIAOLerobotArmLeaderAWS'", configuration, StringComparison.Ordinal);
        Assert.Contains("AWS_ENDPOINT = b'127.0.0.1'", configuration, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotation_is_repeated_like_a_creation_and_waits_until_the_device_is_seen()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        await silo.CollectAsync(await silo.MakeAsync("leader-1"));
        const string rotate = $"{ProvisioningRig.Devices}/leader-1/rotate";

        var first = (await silo.SendAsync(HttpMethod.Post, rotate))!;
        var second = (await silo.SendAsync(HttpMethod.Post, rotate, new { }))!;

        Assert.Equal(ProvisioningRig.UrlOf(first), ProvisioningRig.UrlOf(second));
        Assert.Equal(2, second["device"]!["certificates"]!.AsArray().Count);
        await silo.CollectAsync(second);
        Assert.Equal((409, "rotation-pending"), await silo.AskAsync(HttpMethod.Post, rotate));
        var old = second["device"]!["certificates"]![0]!["fingerprint"]!.GetValue<string>();
        Assert.Equal((204, null), await silo.AskAsync(HttpMethod.Delete, $"{ProvisioningRig.Devices}/leader-1/certificates/{old}"));
        Assert.Equal((204, null), await silo.AskAsync(HttpMethod.Delete, $"{ProvisioningRig.Devices}/leader-1/certificates/{old}"));
        Assert.Single((await silo.GetAsync($"{ProvisioningRig.Devices}/leader-1"))["certificates"]!.AsArray());
    }

    [Fact]
    public async Task A_deleted_device_is_gone_its_link_too_and_a_name_that_never_was_is_told()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        var made = await silo.MakeAsync("leader-1");

        Assert.Equal((204, null), await silo.AskAsync(HttpMethod.Delete, $"{ProvisioningRig.Devices}/leader-1"));
        Assert.Equal((204, null), await silo.AskAsync(HttpMethod.Delete, $"{ProvisioningRig.Devices}/leader-1"));

        Assert.Equal((410, "bundle-gone"), await silo.AskAsync(HttpMethod.Get, new Uri(ProvisioningRig.UrlOf(made)).AbsolutePath));
        Assert.Equal((404, "device-unknown"), await silo.AskAsync(HttpMethod.Get, $"{ProvisioningRig.Devices}/leader-1"));
        Assert.Equal((404, "device-unknown"), await silo.AskAsync(HttpMethod.Delete, $"{ProvisioningRig.Devices}/leader-2"));
        Assert.Equal((404, "device-unknown"), await silo.AskAsync(HttpMethod.Post, $"{ProvisioningRig.Devices}/leader-1/rotate"));
        Assert.NotNull((await silo.MakeAsync("leader-1"))["bundle"]);
    }

    [Fact]
    public async Task What_is_wrong_is_named_and_nothing_is_made()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        foreach (var (field, name, kind, role, site, csr) in new (string, string, string, string?, string?, string?)[]
        {
            ("name", "", "so101-leader", null, null, null),
            ("name", "a/b", "so101-leader", null, null, null),
            ("name", "+", "so101-leader", null, null, null),
            ("name", "armada-silo", "so101-leader", null, null, null),
            ("name", "ARMADA-SILO-2", "agent", null, null, null),
            ("kind", "arm-1", "so101", null, null, null),
            ("kind", "arm-1", "", null, null, null),
            ("role", "arm-1", "micropython-arm", null, null, null),
            ("role", "arm-1", "micropython-arm", "boss", null, null),
            ("role", "arm-1", "so101-leader", "leader", null, null),
            ("site", "arm-1", "so101-leader", null, "a lab", null),
            ("csr", "arm-1", "so101-leader", null, null, "none"),
        })
        {
            using var answer = await silo.Http.PostAsync(
                new Uri(ProvisioningRig.Devices, UriKind.Relative), System.Net.Http.Json.JsonContent.Create(new { name, kind, role, site, csr }));

            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
            var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            Assert.Equal(field, Assert.Single(problem["errors"]!.AsObject()).Key);
        }

        Assert.Empty((await silo.GetAsync(ProvisioningRig.Devices))["items"]!.AsArray());
    }

    [Fact]
    public async Task Devices_are_listed_in_parts_with_their_robots_and_when_they_were_seen()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        foreach (var name in new[] { "c", "a", "b" })
            await silo.MakeAsync(name);
        await silo.MakeRobotAsync("arm");
        await silo.BindMasterAsync("arm", "a");
        silo.Service<DeviceLastSeen>().Record("a", new Armada.Core.Control.Presence(Online: true), wasOnline: false);

        var first = await silo.GetAsync($"{ProvisioningRig.Devices}?limit=2");
        var second = await silo.GetAsync($"{ProvisioningRig.Devices}?limit=2&after={first["next"]}");

        Assert.Equal(["a", "b"], first["items"]!.AsArray().Select(item => item!["name"]!.GetValue<string>()));
        Assert.Equal("c", Assert.Single(second["items"]!.AsArray())!["name"]!.GetValue<string>());
        Assert.Null(second["next"]);
        var bound = Assert.Single(first["items"]![0]!["robots"]!.AsArray())!;
        Assert.Equal(("arm", "master"), (bound["robot"]!.GetValue<string>(), bound["as"]!.GetValue<string>()));
        Assert.NotNull(first["items"]![0]!["last_seen"]);
        Assert.Null(first["items"]![1]!["last_seen"]);
        await silo.StopAsync();
        await silo.StartAsync();
        Assert.NotNull((await silo.GetAsync($"{ProvisioningRig.Devices}/a"))["last_seen"]);
    }

    [Fact]
    public async Task A_silo_without_a_registry_says_how_to_get_one()
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, ProvisioningRig.Devices), (HttpMethod.Get, $"{ProvisioningRig.Devices}/a"), (HttpMethod.Delete, $"{ProvisioningRig.Devices}/a"),
            (HttpMethod.Get, "/api/v1/bundles/x"), (HttpMethod.Get, "/api/v1/enrollment-tokens"),
        })
        {
            Assert.Equal((409, "no-registry"), await silo.AskAsync(method, path));
        }
    }

    [Fact]
    public async Task Who_gave_and_took_identities_is_in_the_audit_trail()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        await silo.CollectAsync(await silo.MakeAsync("leader-1"));
        await silo.SendAsync(HttpMethod.Post, $"{ProvisioningRig.Devices}/leader-1/rotate");
        await silo.SendAsync(HttpMethod.Delete, $"{ProvisioningRig.Devices}/leader-1");

        var trail = (await silo.GetAsync("/api/v1/audit"))["items"]!.AsArray();

        Assert.Equal(
            ["bundle-collected", "device-deleted", "device-provisioned", "device-rotated"],
            trail.Where(record => record!["subject"]!.GetValue<string>() == "leader-1").Select(record => record!["what"]!.GetValue<string>()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_link_waits_an_hour_and_no_longer()
    {
        var time = new ShiftedTime();
        await using var silo = await ProvisioningRig.StartAsync(broker, services => services.AddSingleton<TimeProvider>(time));
        var (made, late) = (await silo.MakeAsync("arm-1"), await silo.MakeAsync("arm-2"));
        time.Shift = BundleLinks.Lifetime - TimeSpan.FromMinutes(1);
        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, new Uri(ProvisioningRig.UrlOf(made)).AbsolutePath));

        time.Shift = BundleLinks.Lifetime;

        Assert.Equal((410, "bundle-gone"), await silo.AskAsync(HttpMethod.Get, new Uri(ProvisioningRig.UrlOf(late)).AbsolutePath));
        Assert.NotEqual(ProvisioningRig.UrlOf(late), ProvisioningRig.UrlOf(await silo.MakeAsync("arm-2")));
    }

    /// <summary>The system's time, later by a shift.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
    }
}
