using System.Security.Cryptography.X509Certificates;
using Armada.EdgeAgent.Identities;
using Armada.Testing;
using Armada.Testing.Brokers;

namespace Armada.Tests.Agent.Identities;

/// <summary>Certificate and key in their files, with the power cut at every step.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class CredentialFilesTests : IDisposable
{
    private readonly TempFolder authorityFolder = new();
    private readonly TestCertificates authority;

    public CredentialFilesTests() => authority = new TestCertificates(authorityFolder);

    public void Dispose()
    {
        authority.Dispose();
        authorityFolder.Dispose();
    }

    [Fact]
    public void Cut_at_any_step_of_a_replacement_there_is_a_matching_pair_the_old_or_the_new()
    {
        var steps = 0;
        var (old, fresh) = (0, 0);
        for (var cut = 0; cut <= steps; cut++)
        {
            using var arm = new Arm(authority);
            var before = arm.Fingerprint();
            steps = arm.ReplaceUntil(cut);
            arm.Files.Recover();
            if (arm.Fingerprint() == before)
                old++;
            else
                fresh++;
            arm.IsWhole();

            arm.Replace();
            arm.IsWhole();
            Assert.NotEqual(before, arm.Fingerprint());
        }

        Assert.True(steps > 8, $"only {steps} steps were cut");
        Assert.True(old > 0 && fresh > 0, $"the old pair was left {old} times and the new one {fresh} times");
    }

    [Fact]
    public void With_the_key_in_its_place_and_the_certificate_not_the_certificate_follows()
    {
        using var arm = new Arm(authority);
        var steps = arm.ReplaceUntil(int.MaxValue);
        var before = arm.Fingerprint();
        arm.ReplaceUntil(steps - 3); // The key is in its place, the certificate is not.
        Assert.Null(arm.Pair());
        arm.Files.Recover();
        arm.Files.Recover();
        arm.IsWhole();
        Assert.NotEqual(before, arm.Fingerprint());
    }

    [Fact]
    public void A_whole_key_goes_on_waiting_and_half_a_key_is_removed()
    {
        using var arm = new Arm(authority);
        using var key = DeviceKey.Make();
        arm.Files.StorePendingKey(key);
        arm.Files.Recover();
        using (var waiting = arm.Files.PendingKey())
            Assert.Equal(key.Pem(), waiting!.Pem());

        File.WriteAllText(arm.KeyFile + ".new", key.Pem()[..50]);
        arm.Files.Recover();
        Assert.False(File.Exists(arm.KeyFile + ".new"), "half a key is left");
        arm.IsWhole();
    }

    [Fact]
    public void A_certificate_left_over_that_is_for_neither_key_is_removed()
    {
        using var arm = new Arm(authority);
        var before = arm.Fingerprint();
        File.Copy(authority.Client("stranger").CertificateFile, arm.CertificateFile + ".new");
        arm.Files.Recover();
        Assert.False(File.Exists(arm.CertificateFile + ".new"), "it is left");
        Assert.Equal(before, arm.Fingerprint());
    }

    [Fact]
    public void Keys_and_certificates_are_for_their_owner_alone_from_the_first_byte()
    {
        using var arm = new Arm(authority);
        File.WriteAllText(arm.KeyFile + ".new", "left over, for everybody");
        using var key = DeviceKey.Make();
        foreach (var _ in arm.Files.PendingKeySteps(key))
            Assert.Equal(DurableFile.OwnerOnly, File.GetUnixFileMode(arm.KeyFile + ".new"));
        arm.Files.Store(authority.ForRequest(key.Request("arm"), "arm"));
        Assert.Equal(DurableFile.OwnerOnly, File.GetUnixFileMode(arm.KeyFile));
        Assert.Equal(DurableFile.OwnerOnly, File.GetUnixFileMode(arm.CertificateFile));
    }

    [Fact]
    public void Nothing_at_all_is_no_fault()
    {
        using var folder = new TempFolder();
        var files = new CredentialFiles(folder.File("no/arm.pem"), folder.File("no/arm.key"));
        files.Recover();
        Assert.Null(files.Certificate());
        Assert.Null(files.Key());
    }

    private sealed class Arm : IDisposable
    {
        private readonly TempFolder folder = new();
        private readonly TestCertificates authority;

        public Arm(TestCertificates authority)
        {
            this.authority = authority;
            var (certificate, key) = authority.Client("arm");
            File.Copy(certificate, CertificateFile);
            File.Copy(key, KeyFile);
            Files = new CredentialFiles(CertificateFile, KeyFile);
        }

        public string CertificateFile => folder.File("arm.pem");

        public string KeyFile => folder.File("arm.key");

        public CredentialFiles Files { get; }

        public void Replace() => ReplaceUntil(int.MaxValue);

        /// <summary>Replaces the pair up to a step; gives how many there were.</summary>
        public int ReplaceUntil(int cut)
        {
            using var key = DeviceKey.Make();
            var certificate = authority.ForRequest(key.Request("arm"), "arm");
            var done = 0;
            foreach (var _ in Files.PendingKeySteps(key).Concat(Files.StoreSteps(certificate)))
            {
                if (done++ == cut)
                    break;
            }

            return done;
        }

        public X509Certificate2? Pair()
        {
            try
            {
                return X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
            }
            catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or ArgumentException)
            {
                return null;
            }
        }

        public string Fingerprint()
        {
            using var certificate = Files.Certificate();
            return CertificateCheck.Fingerprint(certificate!);
        }

        public void IsWhole()
        {
            using var pair = Pair();
            Assert.NotNull(pair);
            Assert.False(File.Exists(CertificateFile + ".new"), "a new certificate is left over");
        }

        public void Dispose() => folder.Dispose();
    }
}
