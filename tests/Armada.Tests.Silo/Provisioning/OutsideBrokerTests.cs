using System.Security.Cryptography.X509Certificates;
using Armada.Mqtt;
using Armada.Silo.Identities;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Identities;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Tests.Silo.Provisioning;

/// <summary>Identities of the own authority for a broker that is not the silo's: a real mosquitto.</summary>
public sealed class OutsideBrokerTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task A_device_connects_to_an_outside_broker_and_the_broker_is_given_the_list_of_what_is_revoked()
    {
        using var folder = new TempFolder();
        using var foreign = new TestCertificates(folder, "broker-ca");
        using (CertificateAuthority.Open(new AuthorityFolder(folder.File("authority")), mayMake: true, TimeProvider.System, NullLogger<CertificateAuthority>.Instance))
        {
            // The silo only loads what it is given.
        }

        var own = Path.Combine(folder.File("authority"), "ca.pem");
        var (serverCertificate, serverKey) = foreign.Server();
        var (siloCertificate, siloKey) = foreign.Client("silo");
        await using var mosquitto = await Mosquitto.StartAsync($"""
            cafile {folder.Write("both.pem", await File.ReadAllTextAsync(own) + await File.ReadAllTextAsync(foreign.CaFile))}
            certfile {serverCertificate}
            keyfile {serverKey}
            require_certificate true
            """);
        await using var silo = await RunningSilo.StartAsync(broker, options => options with
        {
            Authorities = [folder.File("authority")],
            Link = options.Link with { Port = mosquitto.Port, Tls = new LinkTls(foreign.CaFile, siloCertificate, siloKey) },
        });

        var made = await silo.MakeAsync("arm-1");
        var bundle = await silo.CollectAsync(made);

        Assert.Equal(await File.ReadAllTextAsync(foreign.CaFile), bundle.Text("ca.pem"));
        await using var client = RunningProcess.Start("mosquitto_pub", [
            "-h", "127.0.0.1", "-p", $"{mosquitto.Port}", "-i", "arm-1", "--cafile", folder.Write("ca.pem", bundle.Text("ca.pem")),
            "--cert", folder.Write("arm.pem", bundle.Text("arm-1.pem")), "--key", folder.Write("arm.key", bundle.Text("arm-1.key")),
            "-q", "1", "-t", $"{silo.Topics.Root}/arm-1/presence", "-m", """{"online":true}""",
        ]);
        Assert.True(await client.ExitsAsync() == 0, client.Output + mosquitto.Log);
        await Eventually.HoldsAsync(
            "the silo hears it", async () => (await silo.GetAsync($"{ProvisioningRig.Devices}/arm-1"))["online"]?.GetValue<bool>() == true);

        await silo.SendAsync(HttpMethod.Delete, $"{ProvisioningRig.Devices}/arm-1");
        var id = (await silo.GetAsync("/api/v1/authorities"))["items"]![0]!["id"];
        var list = folder.Write("crl.pem", await silo.Http.GetStringAsync(new Uri($"/api/v1/authorities/{id}/crl", UriKind.Relative)));
        var (exit, said) = await OpenSsl.TryAsync("verify", "-crl_check", "-CAfile", own, "-CRLfile", list, folder.File("arm.pem"));
        Assert.True(exit != 0 && said.Contains("certificate revoked", StringComparison.Ordinal), said);
        using var certificate = X509Certificate2.CreateFromPem(bundle.Text("arm-1.pem"));
        Assert.Contains(certificate.SerialNumber, await OpenSsl.DoAsync("crl", "-in", list, "-noout", "-text"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_authority_that_is_lost_is_replaced_and_devices_are_given_new_certificates()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        await silo.CollectAsync(await silo.MakeAsync("arm-1"));
        var first = (await silo.GetAsync("/api/v1/authorities"))["items"]![0]!["id"]!.GetValue<string>();
        await silo.StopAsync();
        Directory.Move(Path.Combine(silo.Data, "authority"), Path.Combine(silo.Data, "away"));

        await silo.StartAsync();

        var second = Assert.Single((await silo.GetAsync("/api/v1/authorities"))["items"]!.AsArray())!["id"]!.GetValue<string>();
        Assert.NotEqual(first, second);
        Assert.NotNull((await silo.SendAsync(HttpMethod.Post, $"{ProvisioningRig.Devices}/arm-1/rotate"))!["bundle"]);
        await silo.StopAsync();
        Directory.Move(Path.Combine(silo.Data, "authority"), Path.Combine(silo.Data, "newer"));
        Directory.Move(Path.Combine(silo.Data, "away"), Path.Combine(silo.Data, "authority"));
        await using (var refused = SiloProcess.Start("--data", silo.Data, "--urls", "http://127.0.0.1:0", "--broker", $"127.0.0.1:{FreePort.Next()}"))
        {
            Assert.Equal(2, await refused.ExitsAsync(TimeSpan.FromSeconds(30))); // What was retired does not come back.
            Assert.Contains(second[..16], Assert.Single(refused.Lines, line => line.StartsWith("armada-silo:", StringComparison.Ordinal)), StringComparison.Ordinal);
        }

        Directory.Move(Path.Combine(silo.Data, "authority"), Path.Combine(silo.Data, "away"));
        Directory.Move(Path.Combine(silo.Data, "newer"), Path.Combine(silo.Data, "authority"));
        await silo.StartAsync();
    }

    [Fact]
    public async Task What_an_earlier_version_has_left_is_named_in_one_line_and_is_not_read()
    {
        await using var silo = await ProvisioningRig.StartAsync(broker);
        Directory.CreateDirectory(Path.Combine(silo.Data, "devices"));
        await File.WriteAllTextAsync(Path.Combine(silo.Data, "devices", "arm-1.json"), "{}");

        await silo.RestartAsync(options => options);

        var line = Assert.Single(silo.Logs.Of(1000)).Message;
        Assert.Contains("devices", line, StringComparison.Ordinal);
        Assert.Empty((await silo.GetAsync(ProvisioningRig.Devices))["items"]!.AsArray());
    }
}
