using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Silo.Identities;
using Armada.Silo.Ingress;
using Armada.Silo.Options;
using Armada.Silo.Provisioning;
using Armada.Testing;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Provisioning;

/// <summary>Certificates that are renewed before they are over, with a real agent at the other end.</summary>
public sealed class CertificateRenewalTests(Broker broker) : IClassFixture<Broker>
{
    // What is good for so short a time is due at once: a certificate begins an hour before it is made.
    private static readonly CertificateLifetimes AlmostOver = new(TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(20));

    [Fact]
    public async Task An_agent_is_given_a_new_certificate_before_its_old_one_is_over_and_the_old_one_is_revoked()
    {
        using var folder = new TempFolder();
        await using var silo = await ProvisioningRig.StartAsync(broker, services => services.AddSingleton(AlmostOver));
        await using var arm = ArmadaProgram.Start(
            "Armada.Emulators", "so101", "--role", "leader", "--link", folder.File("tty"), "--calibration-out", folder.File("calibration.json"));
        await arm.PrintsAsync("ready", TimeSpan.FromSeconds(20));
        await EnrollAsync(silo, folder);
        await using var agent = ArmadaProgram.Start("Armada.EdgeAgent", "run", "--config", folder.File("agent.json"));
        var old = await InUseAsync(silo, null, agent);

        await silo.Service<CertificateRenewal>().RenewDueAsync(default);

        var young = await InUseAsync(silo, old, agent);
        await Eventually.HoldsAsync("the old certificate is taken back", async () => (await DeviceAsync(silo))["certificates"]!.AsArray().Count == 1);
        Assert.Equal(young, ProvisioningRig.FingerprintOf(await DeviceAsync(silo)));
        Assert.True((await DeviceAsync(silo))["online"]!.GetValue<bool>());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(folder.File("leader-1.key")).UnixFileMode);
    }

    [Fact]
    public async Task An_agent_moves_to_a_new_authority_and_stays_connected_when_the_first_one_is_retired()
    {
        using var folder = new TempFolder();
        await using var silo = await ProvisioningRig.StartAsync(broker);
        await using var arm = ArmadaProgram.Start(
            "Armada.Emulators", "so101", "--role", "leader", "--link", folder.File("tty"), "--calibration-out", folder.File("calibration.json"));
        await arm.PrintsAsync("ready", TimeSpan.FromSeconds(20));
        await EnrollAsync(silo, folder);
        await using var agent = ArmadaProgram.Start("Armada.EdgeAgent", "run", "--config", folder.File("agent.json"));
        var old = await InUseAsync(silo, null, agent);
        var first = Path.Combine(silo.Data, "authority");
        var output = new StringWriter();
        Assert.Equal(0, await new SiloCommandLine().RunAsync(["authority", "make", folder.File("next")], (_, _) => Task.CompletedTask, output, TextWriter.Null));

        await silo.RestartAsync(options => options with { Authorities = [first, folder.File("next")] });
        await IsBackAsync(silo, agent);
        await silo.Service<CertificateRenewal>().RenewDueAsync(default);
        await InUseAsync(silo, old, agent);
        var authorities = (await silo.GetAsync("/api/v1/authorities"))["items"]!.AsArray();
        Assert.Equal([0, 1], authorities.Select(one => one!["devices"]!.GetValue<int>()));
        Assert.Equal(2, (await File.ReadAllTextAsync(folder.File("ca.pem"))).Split("BEGIN CERTIFICATE").Length - 1);

        Assert.Equal((204, null), await silo.AskAsync(HttpMethod.Delete, $"/api/v1/authorities/{authorities[0]!["id"]}"));
        await silo.RestartAsync(options => options with { Authorities = [folder.File("next")] });

        await IsBackAsync(silo, agent); // It trusts the endpoint, whose certificate is of the new authority.
        Assert.Contains(authorities[1]!["id"]!.GetValue<string>(), output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Boards_and_devices_that_are_away_or_fresh_are_left_alone()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        await silo.CollectAsync(await silo.MakeAsync("away"));
        await silo.CollectAsync(await silo.MakeAsync("board", "micropython-arm", "leader"));

        await silo.Service<CertificateRenewal>().RenewDueAsync(default);

        foreach (var name in new[] { "away", "board" })
            Assert.Single((await silo.GetAsync($"{ProvisioningRig.Devices}/{name}"))["certificates"]!.AsArray());
        Assert.Empty(silo.Logs.Of(1751));
    }

    private static async Task EnrollAsync(RunningSilo silo, TempFolder folder)
    {
        var token = (await silo.SendAsync(HttpMethod.Post, "/api/v1/enrollment-tokens", new { kind = "so101-leader", name = "leader-1" }))!["token"]!.GetValue<string>();
        await using var enroll = ArmadaProgram.Start(
            "Armada.EdgeAgent", "enroll", "--server", silo.Http.BaseAddress!.GetLeftPart(UriPartial.Authority), "--token", token,
            "--folder", folder.Path, "--port", folder.File("tty"));
        Assert.True(await enroll.ExitsAsync(TimeSpan.FromSeconds(30)) == 0, enroll.Output);
        var config = JsonNode.Parse(await File.ReadAllTextAsync(folder.File("agent.json")))!;
        config["control_socket"] = folder.File("agent.sock");
        await File.WriteAllTextAsync(folder.File("agent.json"), config.ToJsonString());
    }

    private static Task IsBackAsync(RunningSilo silo, RunningProcess agent) => Eventually.Holds(
        () => $"the agent is back; it said:\n{agent.Output}",
        () => silo.Service<DevicePresences>().Of("leader-1")?.Online == true,
        TimeSpan.FromSeconds(30));

    private static async Task<JsonNode> DeviceAsync(RunningSilo silo) =>
        (await silo.Http.GetFromJsonAsync<JsonNode>($"{ProvisioningRig.Devices}/leader-1"))!;

    /// <summary>Waits until the agent says that it is connected with a certificate other than a known one.</summary>
    private static async Task<string> InUseAsync(RunningSilo silo, string? known, RunningProcess agent)
    {
        string? found = null;
        await Eventually.HoldsAsync(
            $"the agent is connected with a certificate that is not {known ?? "none"}; it said:\n{agent.Output}",
            async () =>
            {
                found = (await DeviceAsync(silo))["certificates"]!.AsArray()
                    .FirstOrDefault(its => its!["in_use"]!.GetValue<bool>())?["fingerprint"]!.GetValue<string>();
                return found is not null && found != known;
            },
            TimeSpan.FromSeconds(30));
        return found!;
    }
}
