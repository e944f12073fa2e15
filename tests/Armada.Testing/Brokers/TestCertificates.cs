using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Testing.Brokers;

/// <summary>An authority of one test, with what it signs, as PEM files.</summary>
public sealed class TestCertificates : IDisposable
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    private readonly TempFolder folder;
    private readonly DateTimeOffset from;
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 authority;

    /// <param name="from">When it and what it signs become valid; a day ago unless given. They are for thirty days.</param>
    public TestCertificates(TempFolder folder, string name = "armada-test-ca", DateTimeOffset? from = null)
    {
        this.folder = folder;
        this.from = from ?? DateTimeOffset.UtcNow.AddDays(-1);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        authority = request.CreateSelfSigned(this.from, this.from.AddDays(30));
        CaFile = folder.Write($"{name}.crt", authority.ExportCertificatePem());
    }

    /// <summary>The authority's certificate.</summary>
    public string CaFile { get; }

    /// <summary>A certificate for a client of this name.</summary>
    public (string CertificateFile, string KeyFile) Client(string name) => Sign(name, null, ForClients);

    /// <summary>A certificate for a member of a cluster, which others connect to and which connects to others.</summary>
    public (string CertificateFile, string KeyFile) Member(string name) => Sign(name, null, ForServers, ForClients);

    /// <summary>A certificate that does not say what it is for.</summary>
    public (string CertificateFile, string KeyFile) Unspecified(string name) => Sign(name, null);

    /// <summary>A certificate for a server on this machine.</summary>
    public (string CertificateFile, string KeyFile) Server()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        return Sign("localhost", names.Build(), ForServers);
    }

    /// <summary>A client's certificate for the key of a PKCS #10 request, PEM. Its name is the given one, whatever the request says.</summary>
    /// <param name="request">The request, PEM.</param>
    /// <param name="name">The client.</param>
    /// <param name="until">Until when it is good; as long as all others unless given.</param>
    public string ForRequest(string request, string name, DateTimeOffset? until = null)
    {
        var asked = CertificateRequest.LoadSigningRequestPem(request, HashAlgorithmName.SHA256);
        using var certificate = Signed(new CertificateRequest(new X500DistinguishedName($"CN={name}"), asked.PublicKey, HashAlgorithmName.SHA256), null, until, ForClients);
        return certificate.ExportCertificatePem() + "\n";
    }

    public void Dispose()
    {
        authority.Dispose();
        key.Dispose();
    }

    private (string CertificateFile, string KeyFile) Sign(string name, X509Extension? names, params string[] usages)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = Signed(request, names, null, usages);
        return (
            folder.Write($"{name}.crt", certificate.ExportCertificatePem()),
            folder.Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }
    private X509Certificate2 Signed(CertificateRequest request, X509Extension? names, DateTimeOffset? until, params string[] usages)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        if (usages.Length > 0) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. usages.Select(usage => new Oid(usage))], false));
        if (names is not null) request.CertificateExtensions.Add(names);
        return request.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(key), from, until ?? from.AddDays(30).AddHours(-1), RandomNumberGenerator.GetBytes(8));
    }
}
