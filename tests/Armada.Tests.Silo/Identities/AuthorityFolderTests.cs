using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Armada.Silo.Identities;
using Armada.Silo.Options;
using Armada.Silo.Store;

namespace Armada.Tests.Silo.Identities;

/// <summary>The authority on disk: made whole or not at all, and never used where it cannot be trusted.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class AuthorityFolderTests : IDisposable
{
    private readonly AuthorityRig rig = new();

    /// <summary>Enough to pass every step of making one.</summary>
    public static TheoryData<int> Cuts => [.. Enumerable.Range(0, 12)];

    [Fact]
    public void A_restart_finds_the_same_authority()
    {
        var first = rig.Authority.Certificate;

        Assert.Equal(first.Sha256, rig.Restart().Certificate.Sha256);
        Assert.Single(rig.Logs.Of(1700));
        Assert.True(rig.HasSigned(rig.Issue().Certificate));
    }

    [Fact]
    public void The_key_and_the_folder_are_for_their_owner_alone()
    {
        Assert.NotNull(rig.Authority);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(rig.Files.KeyFile));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(rig.Files.Path));
    }

    [Fact]
    public void A_secret_file_is_for_its_owner_alone_from_its_first_byte_on_also_over_one_that_was_left()
    {
        var path = rig.Folder.File("secret");
        File.WriteAllText(path + ".tmp", "left by a start that was cut");
        File.SetUnixFileMode(path + ".tmp", (UnixFileMode)0b110_110_110);

        var steps = 0;
        foreach (var step in DurableFile.Steps(path, new byte[] { 1 }, AuthorityFolder.OwnerOnly))
        {
            Assert.Equal(AuthorityFolder.OwnerOnly, File.GetUnixFileMode(step < WriteStep.Renamed ? path + ".tmp" : path));
            steps++;
        }

        Assert.Equal(4, steps);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void A_first_start_that_is_cut_at_any_step_leaves_no_authority_or_a_whole_one(int steps)
    {
        using var key = P256.Create();
        using var certificate = Certify("a", key);
        var done = rig.Files.Steps(certificate, key).Take(steps).ToList();

        var authority = rig.Restart();

        var stands = done.Contains("folder in place");
        Assert.Equal(stands, authority.Certificate.Der.Span.SequenceEqual(certificate.RawData));
        Assert.True(rig.HasSigned(rig.Issue().Certificate));
        Assert.False(Directory.Exists(rig.Files.Path + DurableFile.TemporaryEnding));
    }

    [Fact]
    public void The_cuts_of_a_first_start_reach_its_last_step()
    {
        using var key = P256.Create();
        using var certificate = Certify("a", key);

        Assert.Equal(Cuts.Count - 1, rig.Files.Steps(certificate, key).Count());
    }

    [Theory]
    [InlineData("ca.key", "ca.key is missing")]
    [InlineData("ca.pem", "ca.pem is missing")]
    public void An_authority_of_which_a_half_is_missing_is_refused(string file, string said)
    {
        Assert.NotNull(rig.Authority);
        File.Delete(Path.Combine(rig.Files.Path, file));

        AssertRefused(said);
        Assert.False(File.Exists(Path.Combine(rig.Files.Path, file)));
    }

    [Theory]
    [InlineData("ca.key", "", "ca.key is damaged")]
    [InlineData("ca.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "ca.key is damaged")]
    [InlineData("ca.pem", "", "ca.pem is damaged")]
    [InlineData("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "ca.pem is damaged")]
    public void A_damaged_half_is_refused(string file, string content, string said)
    {
        Assert.NotNull(rig.Authority);
        File.WriteAllText(Path.Combine(rig.Files.Path, file), content);

        AssertRefused(said);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void A_half_of_which_the_end_is_lost_is_refused(double kept)
    {
        Assert.NotNull(rig.Authority);
        foreach (var file in new[] { rig.Files.CertificateFile, rig.Files.KeyFile })
        {
            var whole = File.ReadAllText(file);
            File.WriteAllText(file, whole[..(int)(whole.Length * kept)]);
            AssertRefused($"{Path.GetFileName(file)} is damaged");
            File.WriteAllText(file, whole);
        }
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_key_that_others_may_use_is_refused(UnixFileMode also)
    {
        Assert.NotNull(rig.Authority);
        File.SetUnixFileMode(rig.Files.KeyFile, AuthorityFolder.OwnerOnly | also);

        AssertRefused("chmod 600");
    }

    [Fact]
    public void A_key_of_another_authority_is_refused()
    {
        Assert.NotNull(rig.Authority);
        using var other = P256.Create();
        File.WriteAllText(rig.Files.KeyFile, other.ExportPkcs8PrivateKeyPem());
        AssertRefused("ca.key is not the key of ca.pem");

        File.WriteAllText(rig.Files.KeyFile, other.ExportSubjectPublicKeyInfoPem());
        AssertRefused("ca.key is not the key of ca.pem");

        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        File.WriteAllText(rig.Files.KeyFile, curve.ExportPkcs8PrivateKeyPem());
        AssertRefused("ca.key is not a key on P-256");
    }

    [Fact]
    public void A_certificate_that_is_no_authority_of_the_silos_is_refused()
    {
        Assert.NotNull(rig.Authority);
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(rig.Files.KeyFile));
        using var other = P256.Create();
        var name = new X500DistinguishedName("CN=a");
        var now = rig.Time.GetUtcNow();
        var device = CertificateProfile.Device("a", new PublicKey(key));
        var authority = CertificateProfile.Authority("a", new PublicKey(key));
        foreach (var (profile, signer) in new[] { (device, key), (authority, other) })
        {
            using var foreign = profile.Create(name, X509SignatureGenerator.CreateForECDsa(signer), now, now.AddYears(1), [1]);
            File.WriteAllText(rig.Files.CertificateFile, foreign.ExportCertificatePem());
            AssertRefused("ca.pem is not an authority that the silo created");
        }
    }

    [Fact]
    public void An_authority_whose_time_is_over_is_refused()
    {
        Assert.NotNull(rig.Authority);
        rig.Time.Advance(TimeSpan.FromDays(365.25 * 20 + 1));

        AssertRefused("it expired on 2045-07-01");
    }

    [Fact]
    public void A_clock_that_was_never_set_makes_no_authority()
    {
        rig.Time.Advance(TimeSpan.FromDays(-365 * 50));

        AssertRefused("set the clock");
        Assert.False(Directory.Exists(rig.Files.Path));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_makes_no_authority()
    {
        File.WriteAllText(rig.Files.Path + DurableFile.TemporaryEnding, "a file in the way");

        AssertRefused("cannot be stored");
        Assert.False(Directory.Exists(rig.Files.Path));
    }

    [Fact]
    public void An_empty_folder_is_no_authority_that_was_lost()
    {
        Directory.CreateDirectory(rig.Files.Path);

        Assert.True(rig.HasSigned(rig.Issue().Certificate));
    }

    [Fact]
    public void An_authority_that_the_silo_was_given_is_never_made()
    {
        var refused = Assert.Throws<SiloOptionsException>(() => CertificateAuthority.Open(rig.Files, mayMake: false, rig.Time, rig.Logs.For<CertificateAuthority>()));

        Assert.Contains("ca.pem is missing", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(rig.Files.Path));
    }

    public void Dispose() => rig.Dispose();

    private X509Certificate2 Certify(string name, ECDsa key)
    {
        var profile = CertificateProfile.Authority(name, new PublicKey(key));
        var now = rig.Time.GetUtcNow();
        return profile.Create(profile.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now, now.AddYears(1), [1]);
    }

    private void AssertRefused(string said)
    {
        var refused = Assert.Throws<SiloOptionsException>(() => rig.Restart());
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }
}
