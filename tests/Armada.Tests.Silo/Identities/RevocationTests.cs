using Armada.Grains.Identities;
using Armada.Silo.Identities;

namespace Armada.Tests.Silo.Identities;

/// <summary>The signed list of what was revoked, read by openssl.</summary>
public sealed class RevocationTests : IDisposable
{
    private const int KeyCompromise = 1;

    private readonly AuthorityRig rig = new();

    [Fact]
    public async Task A_revoked_certificate_fails_and_others_go_on()
    {
        var (revoked, other) = (rig.Issue().Certificate, rig.Issue("arm-2").Certificate);
        Assert.Null(await JudgeAsync(revoked, Sign()));

        var list = Sign(revoked.Serial);

        Assert.Contains("certificate revoked", await JudgeAsync(revoked, list), StringComparison.Ordinal);
        Assert.Null(await JudgeAsync(other, list));
    }

    [Fact]
    public async Task The_list_is_of_version_two_and_says_when_and_why_and_its_number_rises()
    {
        var before = await PrintAsync(Sign());
        rig.Time.Advance(TimeSpan.FromHours(1));
        var after = await PrintAsync(Sign("4a00"));

        Assert.Contains("Version 2 (0x1)", before, StringComparison.Ordinal);
        Assert.Contains("No Revoked Certificates", before, StringComparison.Ordinal);
        Assert.Contains("X509v3 Authority Key Identifier", after, StringComparison.Ordinal);
        Assert.Contains("Last Update: Jul  1 10:00:00 2025 GMT", after, StringComparison.Ordinal);
        Assert.Contains("Next Update: Jul 31 11:00:00 2025 GMT", after, StringComparison.Ordinal);
        Assert.Contains("Serial Number: 4A00\n        Revocation Date: Jul  1 11:00:00 2025 GMT", after, StringComparison.Ordinal);
        Assert.Contains("Key Compromise", after, StringComparison.Ordinal);
        Assert.True(NumberOf(after) > NumberOf(before), $"{before}{after}");
        await OpenSsl.DoAsync("crl", "-in", rig.Write("list.pem", Sign()), "-noout", "-CAfile", rig.Files.CertificateFile);
    }

    [Fact]
    public void An_authority_whose_key_is_not_here_signs_no_list() =>
        Assert.Null(new LocalAuthorities([rig.Authority], CertificateLifetimes.Default).SignList(new string('0', 64), []));

    public void Dispose() => rig.Dispose();

    private static long NumberOf(string printed)
    {
        var text = printed.Split("X509v3 CRL Number: \n")[1].Split('\n')[0].Trim();
        return text.StartsWith("0x", StringComparison.Ordinal) ? Convert.ToInt64(text, 16) : long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
    }

    private string Sign(params string[] serials)
    {
        var now = rig.Time.GetUtcNow();
        return new LocalAuthorities([rig.Authority], CertificateLifetimes.Default).SignList(
            rig.Authority.Id, serials.Select(serial => new RevokedCertificate(rig.Authority.Id, serial, KeyCompromise, now, now.AddDays(1))))!;
    }

    private Task<string?> JudgeAsync(IssuedCertificate certificate, string list) =>
        rig.JudgeAsync(certificate, "sslclient", "-crl_check", "-CRLfile", rig.Write("list.pem", list));

    private Task<string> PrintAsync(string list) => OpenSsl.DoAsync("crl", "-in", rig.Write("list.pem", list), "-noout", "-text");
}
