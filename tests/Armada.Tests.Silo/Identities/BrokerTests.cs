using System.Globalization;
using Armada.Grains.Identities;
using Armada.Silo.Identities;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Testing.Processes;

namespace Armada.Tests.Silo.Identities;

/// <summary>A real mosquitto takes what the authority gave out, under the device's name, and nothing else.</summary>
public sealed class BrokerTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly FailOnLoggedErrors logs = new();
    private readonly CertificateAuthority authority;

    public BrokerTests() =>
        authority = CertificateAuthority.Open(new AuthorityFolder(folder.File("authority")), mayMake: true, TimeProvider.System, logs.For<CertificateAuthority>());

    [Fact]
    public async Task A_device_comes_in_under_its_own_name_until_it_is_revoked_and_no_stranger_does()
    {
        WriteList();
        var broker = Store("broker", authority.IssueEndpoint([], TimeSpan.FromDays(1)));
        await using var mosquitto = await Mosquitto.StartAsync($"""
            cafile {authority.Folder.CertificateFile}
            certfile {broker.Certificate}
            keyfile {broker.Key}
            crlfile {folder.File("crl.pem")}
            require_certificate true
            use_identity_as_username true
            """);
        var (good, revoked) = (Issue("arm-1"), Issue("arm-2"));
        var (goodFiles, revokedFiles) = (Store("arm-1", good), Store("arm-2", revoked));

        await ComesInAsync(mosquitto, goodFiles);
        await ComesInAsync(mosquitto, revokedFiles);
        await Eventually.Holds(
            () => $"mosquitto names the device as its certificate does; it said:\n{mosquitto.Log}",
            () => mosquitto.Log.Contains("u'arm-1'", StringComparison.Ordinal));
        using var elsewhere = new TempFolder();
        using var strangers = new TestCertificates(elsewhere);
        await StaysOutAsync(mosquitto, strangers.Client("arm-1"));
        await StaysOutAsync(mosquitto, null);

        WriteList(revoked.Certificate.Serial);
        await mosquitto.RestartAsync();

        await ComesInAsync(mosquitto, goodFiles);
        await StaysOutAsync(mosquitto, revokedFiles);
    }

    public void Dispose()
    {
        authority.Dispose();
        folder.Dispose();
        logs.Dispose();
    }

    private IssuedIdentity Issue(string name)
    {
        using var key = P256.Create();
        return new IssuedIdentity(authority.Issue(name, AuthorityRig.RequestOf(key), TimeSpan.FromDays(1)).Issued!, new PrivateKey(key));
    }

    private void WriteList(params string[] revoked)
    {
        var now = TimeProvider.System.GetUtcNow();
        folder.Write("crl.pem", new LocalAuthorities([authority], CertificateLifetimes.Default).SignList(
            authority.Id, revoked.Select(serial => new RevokedCertificate(authority.Id, serial, 1, now, now.AddDays(1))))!);
    }

    private (string Certificate, string Key) Store(string name, IssuedIdentity identity) =>
        (folder.Write($"{name}.pem", identity.Certificate.Pem), folder.Write($"{name}.key", identity.Key!.Pem()));

    private async Task ComesInAsync(Mosquitto mosquitto, (string Certificate, string Key)? identity)
    {
        var (exit, said) = await PublishAsync(mosquitto, identity);
        Assert.True(exit == 0, $"{said}{mosquitto.Log}");
    }

    private async Task StaysOutAsync(Mosquitto mosquitto, (string Certificate, string Key)? identity) =>
        Assert.NotEqual(0, (await PublishAsync(mosquitto, identity)).Exit);

    private async Task<(int Exit, string Said)> PublishAsync(Mosquitto mosquitto, (string Certificate, string Key)? identity)
    {
        string[] own = identity is { } files ? ["--cert", files.Certificate, "--key", files.Key] : [];
        await using var client = RunningProcess.Start("mosquitto_pub", [
            "-h", mosquitto.Host, "-p", mosquitto.Port.ToString(CultureInfo.InvariantCulture), "--cafile", authority.Folder.CertificateFile, .. own,
            "-q", "1", "-t", "t", "-m", "x",
        ]);
        return (await client.ExitsAsync(), client.Output);
    }
}
