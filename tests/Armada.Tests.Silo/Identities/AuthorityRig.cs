using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Silo.Identities;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Silo.Identities;

/// <summary>An authority in a folder of its own, which can be opened again as a restart does.</summary>
internal sealed class AuthorityRig : IDisposable
{
    private CertificateAuthority? open;

    /// <summary>Whatever any test has made, for openssl to look at.</summary>
    public TempFolder Folder { get; } = new();

    public HandTime Time { get; } = new();

    public FailOnLoggedErrors Logs { get; } = new();

    public AuthorityFolder Files => new(Folder.File("authority"));

    /// <summary>The authority; loaded at the first use.</summary>
    public CertificateAuthority Authority => open ??= CertificateAuthority.Open(Files, mayMake: true, Time, Logs.For<CertificateAuthority>());

    /// <summary>Now, for openssl's -attime.</summary>
    public string Now => Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>What a restart does.</summary>
    public CertificateAuthority Restart()
    {
        Close();
        return Authority;
    }

    /// <summary>A certificate for a device, whose key was made for it.</summary>
    public IssuedIdentity Issue(string device = "arm-1")
    {
        using var key = P256.Create();
        return new IssuedIdentity(Authority.Issue(device, RequestOf(key), TimeSpan.FromDays(90)).Issued!, new PrivateKey(key));
    }

    /// <summary>A request for a key, PEM.</summary>
    public static byte[] RequestOf(ECDsa key) => Encoding.ASCII.GetBytes(new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256).CreateSigningRequestPem());

    /// <summary>Whether the authority signed a certificate.</summary>
    public bool HasSigned(IssuedCertificate certificate)
    {
        using var authority = X509Certificate2.CreateFromPem(Authority.Certificate.Pem);
        using var key = authority.GetECDsaPublicKey()!;
        return DerSignature.IsSignedBy(certificate.Der, key);
    }

    public string Write(string name, string text) => Folder.Write(name, text);

    public string Write(string name, ReadOnlyMemory<byte> content)
    {
        File.WriteAllBytes(Folder.File(name), content.Span);
        return Folder.File(name);
    }

    /// <summary>Asks openssl whether a certificate is good for a purpose; null where it is, or what it said.</summary>
    public async Task<string?> JudgeAsync(IssuedCertificate certificate, string purpose, params string[] more)
    {
        var file = Write("judged.pem", certificate.Pem);
        var (exit, output) = await OpenSsl.TryAsync(
            ["verify", "-x509_strict", "-purpose", purpose, "-attime", Now, "-CAfile", Files.CertificateFile, .. more, file]);
        return exit == 0 ? null : output;
    }

    /// <summary>Everything that openssl prints of a certificate.</summary>
    public Task<string> PrintAsync(IssuedCertificate certificate) =>
        OpenSsl.DoAsync("x509", "-in", Write("printed.pem", certificate.Pem), "-noout", "-text");

    /// <summary>Fails where a logged line has a part of a key in it.</summary>
    public void AssertNothingLogged(ReadOnlyMemory<byte> key)
    {
        var secrets = new[] { Convert.ToBase64String(key.Span[^32..]), Convert.ToHexString(key.Span[^16..]), "PRIVATE KEY" };
        foreach (var entry in Logs.Entries)
        {
            var said = new StringBuilder(entry.Message).Append(entry.Exception).ToString();
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, said, StringComparison.OrdinalIgnoreCase));
        }
    }

    public void Close()
    {
        open?.Dispose();
        open = null;
    }

    public void Dispose()
    {
        Close();
        Folder.Dispose();
        Logs.Dispose();
    }
}
