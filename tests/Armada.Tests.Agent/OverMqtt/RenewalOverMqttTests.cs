using System.Security.Cryptography.X509Certificates;
using Armada.Core.Control;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Identities;
using Armada.Emulators.Arms;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.OverMqtt;

/// <summary>Certificates renewed over a real broker with TLS, by an agent with a real port.</summary>
public sealed class RenewalOverMqttTests : IDisposable
{
    private readonly FailOnLoggedErrors logs = new();
    private readonly TempFolder folder = new();

    public void Dispose()
    {
        folder.Dispose();
        logs.Dispose();
    }

    [Fact]
    public async Task A_device_is_seen_on_its_new_certificate_once_its_arm_rests()
    {
        using var arm = TestArm.Leader(new StillHand());
        await using var broker = await Mosquitto.StartTlsAsync();
        await using var silo = await ScriptedSilo.StartAsync(broker, logs);
        var first = Hand(broker, "leader-1");
        await using var agent = await TestAgent.StartAsync(logs, At(broker), local: false, ("leader-1", arm.Port, null));
        await silo.Shows("leader-1", "its first certificate", presence => presence is { Online: true } && presence.Certificate == first);
        Assert.True((await silo.Ask("leader-1", ControlOp.StreamStart, 1)).Ok, "it does not stream");

        var asked = await silo.Ask("leader-1", ControlOp.Renew);
        Assert.True(asked.Ok, asked.Error);
        Assert.Equal(asked.Csr, (await silo.Ask("leader-1", ControlOp.Renew)).Csr);
        var pem = broker.Certificates!.ForRequest(asked.Csr!, "leader-1");
        var taken = await silo.Ask("leader-1", ControlOp.Certificate, certificate: pem);
        Assert.True(taken.Ok, taken.Error);
        Assert.Equal(first, silo.PresenceOf("leader-1")!.Certificate);

        Assert.True((await silo.Ask("leader-1", ControlOp.StreamStop, 1)).Ok, "it does not stop");
        await silo.Shows("leader-1", "its new certificate", presence => presence is { Online: true } && presence.Certificate == FingerprintOf(pem));
        Assert.Equal(2, broker.Log.Split("u'leader-1'").Length - 1);
    }

    [Fact]
    public async Task A_cut_line_brings_a_device_back_on_its_new_certificate()
    {
        using var arm = TestArm.Leader(new StillHand());
        await using var broker = await Mosquitto.StartTlsAsync();
        await using var silo = await ScriptedSilo.StartAsync(broker, logs);
        Hand(broker, "leader-1");
        await using var agent = await TestAgent.StartAsync(logs, At(broker), local: false, ("leader-1", arm.Port, null));
        await silo.Shows("leader-1", "that it is online", presence => presence.Online);
        Assert.True((await silo.Ask("leader-1", ControlOp.StreamStart, 1)).Ok, "it does not stream");
        var asked = await silo.Ask("leader-1", ControlOp.Renew);
        var pem = broker.Certificates!.ForRequest(asked.Csr!, "leader-1");
        Assert.True((await silo.Ask("leader-1", ControlOp.Certificate, certificate: pem)).Ok, "it was refused");

        await broker.KillAsync();
        await broker.RestartAsync();
        await silo.Shows("leader-1", "its new certificate", presence => presence is { Online: true } && presence.Certificate == FingerprintOf(pem));
    }

    [Fact]
    public async Task Without_a_certificate_of_its_own_a_device_has_none_to_renew()
    {
        using var arm = TestArm.Leader(new StillHand());
        await using var broker = await Mosquitto.StartAsync();
        await using var silo = await ScriptedSilo.StartAsync(broker, logs);
        await using var agent = await TestAgent.StartAsync(logs, ScriptedSilo.At(broker), local: false, ("leader-1", arm.Port, null));
        await silo.Shows("leader-1", "that it is online, and no certificate", presence => presence is { Online: true, Certificate: null });
        foreach (var op in new[] { ControlOp.Renew, ControlOp.Certificate })
        {
            var reply = await silo.Ask("leader-1", op, certificate: "none");
            Assert.False(reply.Ok, $"{op} was done");
            Assert.Contains("broker.tls", reply.Error, StringComparison.Ordinal);
        }
    }

    private BrokerOptions At(Mosquitto broker) =>
        new([broker.Host], broker.Port, new TlsOptions(broker.Certificates!.CaFile, folder.File("{device}.pem"), folder.File("{device}.key")));

    /// <summary>Gives a device its first certificate; gives its fingerprint.</summary>
    private string Hand(Mosquitto broker, string device)
    {
        var (certificate, key) = broker.Certificates!.Client(device);
        File.Copy(certificate, folder.File($"{device}.pem"));
        File.Copy(key, folder.File($"{device}.key"));
        return FingerprintOf(File.ReadAllText(certificate));
    }

    private static string FingerprintOf(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return CertificateCheck.Fingerprint(certificate);
    }
}
