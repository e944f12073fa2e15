using System.Text;
using Armada.Core.Devices;
using Armada.Silo.Identities;

namespace Armada.Tests.Silo.Identities;

/// <summary>What stands in the certificates, as openssl sees it.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly AuthorityRig rig = new();

    [Fact]
    public async Task A_devices_certificate_leads_to_the_authority_and_is_good_for_clients_only()
    {
        var certificate = rig.Issue().Certificate;

        Assert.Null(await rig.JudgeAsync(certificate, "sslclient"));
        Assert.Contains("error 26", await rig.JudgeAsync(certificate, "sslserver"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_devices_certificate_names_the_device_in_its_subject_and_its_uri_and_is_no_authority()
    {
        var printed = await rig.PrintAsync(rig.Issue("Arm_7-b").Certificate);

        Assert.Contains("Subject: CN = Arm_7-b\n", printed, StringComparison.Ordinal);
        Assert.Contains("URI:urn:armada:device:Arm_7-b\n", printed, StringComparison.Ordinal);
        Assert.Contains("X509v3 Basic Constraints: critical\n                CA:FALSE", printed, StringComparison.Ordinal);
        Assert.Contains("X509v3 Key Usage: critical\n                Digital Signature\n", printed, StringComparison.Ordinal);
        Assert.Contains("X509v3 Extended Key Usage: \n                TLS Web Client Authentication\n", printed, StringComparison.Ordinal);
        Assert.Contains("ASN1 OID: prime256v1", printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_authority_signs_certificates_and_lists_and_no_further_authority()
    {
        var printed = await rig.PrintAsync(rig.Authority.Certificate);

        Assert.Contains("X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0\n", printed, StringComparison.Ordinal);
        Assert.Contains("X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n", printed, StringComparison.Ordinal);
        Assert.Contains("X509v3 Subject Key Identifier", printed, StringComparison.Ordinal);
        Assert.Contains("X509v3 Authority Key Identifier", printed, StringComparison.Ordinal);
        Assert.Contains("ASN1 OID: prime256v1", printed, StringComparison.Ordinal);
        Assert.Contains("ecdsa-with-SHA256", printed, StringComparison.Ordinal);
        Assert.Equal(rig.Time.GetUtcNow().AddYears(20), rig.Authority.Certificate.NotAfter);
    }

    [Fact]
    public async Task The_brokers_certificate_is_good_for_loopback_and_the_given_hosts()
    {
        var broker = rig.Authority.IssueEndpoint(["arms.example", "192.0.2.10", "localhost"], TimeSpan.FromDays(90));

        foreach (var (option, host) in new[]
        {
            ("-verify_hostname", "localhost"), ("-verify_ip", "127.0.0.1"), ("-verify_ip", "::1"), ("-verify_hostname", "arms.example"),
            ("-verify_ip", "192.0.2.10"),
        })
            Assert.Null(await rig.JudgeAsync(broker.Certificate, "sslserver", option, host));
        Assert.NotNull(await rig.JudgeAsync(broker.Certificate, "sslclient"));
        Assert.Contains(
            "hostname mismatch", await rig.JudgeAsync(broker.Certificate, "sslserver", "-verify_hostname", "other.example"), StringComparison.Ordinal);
        Assert.Contains("Subject: CN = armada-silo\n", await rig.PrintAsync(broker.Certificate), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("host:1")]
    [InlineData("a\nb")]
    public void A_broker_is_not_certified_for_what_is_no_host(string host) =>
        Assert.Throws<ArgumentException>(() => rig.Authority.IssueEndpoint([host], TimeSpan.FromDays(1)));

    [Fact]
    public async Task The_key_that_is_made_for_a_device_is_the_certificates_in_pem_and_der()
    {
        var identity = rig.Issue();
        var pem = rig.Write("made.key", identity.Key!.Pem());
        var der = rig.Write("made.der", identity.Key.Der());

        var certified = await OpenSsl.DoAsync("x509", "-in", rig.Write("made.pem", identity.Certificate.Pem), "-noout", "-pubkey");
        Assert.Equal(certified, await OpenSsl.DoAsync("x509", "-inform", "DER", "-in", rig.Write("made.crt", identity.Certificate.Der), "-noout", "-pubkey"));
        Assert.Equal(certified, await OpenSsl.DoAsync("pkey", "-in", pem, "-pubout"));
        Assert.Equal(certified, await OpenSsl.DoAsync("pkey", "-inform", "DER", "-in", der, "-pubout"));
    }

    [Fact]
    public async Task A_certificate_is_good_from_an_hour_ago_until_its_time_is_over()
    {
        var certificate = rig.Issue().Certificate;

        Assert.Equal(rig.Time.GetUtcNow() - TimeSpan.FromHours(1), certificate.NotBefore);
        Assert.Equal(rig.Time.GetUtcNow() + TimeSpan.FromDays(90), certificate.NotAfter);
        rig.Time.Advance(TimeSpan.FromDays(91));
        Assert.Contains("certificate has expired", await rig.JudgeAsync(certificate, "sslclient"), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_outlives_the_authority()
    {
        using var key = P256.Create();
        var certificate = rig.Authority.Issue("arm-1", AuthorityRig.RequestOf(key), TimeSpan.MaxValue).Issued!;

        Assert.Equal(rig.Authority.Certificate.NotAfter, certificate.NotAfter);
    }

    [Fact]
    public async Task Serial_numbers_and_fingerprints_are_those_that_openssl_prints_and_never_the_same()
    {
        var certificates = Enumerable.Range(0, 200).Select(_ => rig.Issue().Certificate).ToList();
        var printed = await OpenSsl.DoAsync(
            "x509", "-in", rig.Write("one.pem", certificates[0].Pem), "-noout", "-serial", "-fingerprint", "-sha256");

        Assert.Contains($"serial={certificates[0].Serial}\n", printed, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(certificates[0].Sha256, printed.Replace(":", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(certificates.Count, certificates.Select(one => one.Serial).Distinct().Count());
        Assert.All(certificates, one => Assert.Equal(32, one.Serial.Length));
    }

    [Fact]
    public async Task Certificates_are_signed_from_many_threads_at_once()
    {
        using var key = P256.Create();
        var (authority, request) = (rig.Authority, AuthorityRig.RequestOf(key));
        var issued = await Task.WhenAll(Enumerable.Range(0, 64).Select(
            one => Task.Run(() => authority.Issue($"arm-{one}", request, TimeSpan.FromDays(90)).Issued!)));

        var all = rig.Write("all.pem", string.Concat(issued.Select(one => one.Pem)));
        Assert.All(issued, one => Assert.True(rig.HasSigned(one)));
        Assert.NotEmpty(await OpenSsl.DoAsync("verify", "-attime", rig.Now, "-CAfile", rig.Files.CertificateFile, all));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a+")]
    [InlineData("-a")]
    [InlineData("é")]
    [InlineData("a\n")]
    [InlineData("armada-silo")]
    [InlineData("Armada-Silo-2")]
    public void Nobody_is_certified_under_what_is_no_devices_name_or_the_silos_own(string name) =>
        Assert.Equal(RegistryRefusalReason.Name, rig.Authority.Issue(name, "x"u8, TimeSpan.FromDays(1)).Refused!.Reason);

    [Fact]
    public void The_longest_name_is_certified() => Assert.Equal(64, rig.Issue(new string('a', 64)).Certificate.Name.Length);

    [Fact]
    public void Keys_do_not_show_themselves_in_text_or_logs()
    {
        var issued = rig.Issue();
        var answer = new IssueAnswer(issued.Certificate, null);
        var key = Encoding.ASCII.GetBytes(File.ReadAllText(rig.Files.KeyFile));

        Assert.DoesNotContain("MIG", $"{answer} {issued} {issued.Key} {rig.Authority.Certificate}", StringComparison.Ordinal);
        Assert.Equal("a private key", issued.Key!.ToString());
        Assert.NotEmpty(rig.Logs.Entries);
        rig.AssertNothingLogged(issued.Key.Der());
        rig.AssertNothingLogged(key);
    }

    public void Dispose() => rig.Dispose();
}
