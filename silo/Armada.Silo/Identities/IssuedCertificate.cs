using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Silo.Identities;

internal sealed class IssuedCertificate
{
    private IssuedCertificate(string name, X509Certificate2 certificate)
    {
        Name = name;
        Serial = Convert.ToHexStringLower(certificate.SerialNumberBytes.Span);
        Sha256 = Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256));
        NotBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime());
        NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        Der = certificate.RawDataMemory;
        Pem = certificate.ExportCertificatePem() + "\n";
    }

    public string Name { get; }

    /// <summary>Lower-case hexadecimal.</summary>
    public string Serial { get; }

    /// <summary>SHA-256 fingerprint, lower-case hexadecimal.</summary>
    public string Sha256 { get; }
    public DateTimeOffset NotBefore { get; }
    public DateTimeOffset NotAfter { get; }
    public ReadOnlyMemory<byte> Der { get; }
    public string Pem { get; }

    /// <exception cref="CryptographicException">It is not a certificate in PEM.</exception>
    public static IssuedCertificate Of(string name, string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return new IssuedCertificate(name, certificate);
    }

    public static IssuedCertificate Of(string name, X509Certificate2 certificate) => new(name, certificate);

    public override string ToString() => $"certificate {Serial} of {Name}";
}

/// <summary>A private key on its way to its owner. Its contents are methods, so that nothing logs or serializes them.</summary>
internal sealed class PrivateKey
{
    private readonly byte[] pkcs8;

    public PrivateKey(AsymmetricAlgorithm key) => pkcs8 = key.ExportPkcs8PrivateKey();

    /// <summary>Reads PEM: EC, or RSA as AWS IoT Core creates it.</summary>
    /// <exception cref="ArgumentException">There is no key in it.</exception>
    public static PrivateKey Of(string pem)
    {
        using AsymmetricAlgorithm key = pem.Contains("BEGIN RSA ", StringComparison.Ordinal) ? RSA.Create() : ECDsa.Create();
        key.ImportFromPem(pem);
        return new PrivateKey(key);
    }

    /// <summary>PKCS #8, DER.</summary>
    public ReadOnlyMemory<byte> Der() => pkcs8;

    /// <summary>PKCS #8, PEM.</summary>
    public string Pem() => PemEncoding.WriteString("PRIVATE KEY", pkcs8) + "\n";

    public override string ToString() => "a private key";
}

/// <param name="Key">Null if the owner generated the key and keeps it.</param>
internal sealed record IssuedIdentity(IssuedCertificate Certificate, PrivateKey? Key)
{
    public static IssuedIdentity Of(string name, IssuedCredentials issued) =>
        new(IssuedCertificate.Of(name, issued.Certificate), issued.PrivateKey() is { } key ? PrivateKey.Of(key) : null);
}

/// <summary>Exactly one of both.</summary>
internal sealed record IssueAnswer(IssuedCertificate? Issued, RegistryRefusal? Refused);
