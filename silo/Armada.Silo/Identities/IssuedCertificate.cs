using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Silo.Identities;

/// <summary>A certificate that was given out.</summary>
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

    /// <summary>Whose it is.</summary>
    public string Name { get; }

    /// <summary>Its serial number, lower-case hexadecimal.</summary>
    public string Serial { get; }

    /// <summary>Its SHA-256 fingerprint, lower-case hexadecimal.</summary>
    public string Sha256 { get; }

    /// <summary>From when on it is good.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>Until when it is good.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>The certificate, DER.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>The certificate, PEM.</summary>
    public string Pem { get; }

    /// <summary>What an X.509 certificate says.</summary>
    public static IssuedCertificate Of(string name, X509Certificate2 certificate) => new(name, certificate);

    /// <inheritdoc/>
    public override string ToString() => $"certificate {Serial} of {Name}";
}

/// <summary>A private key on its way to its owner. Nothing keeps it, and it does not show itself.</summary>
internal sealed class PrivateKey
{
    private readonly byte[] pkcs8;

    /// <summary>Takes a key's private part.</summary>
    public PrivateKey(ECDsa key) => pkcs8 = key.ExportPkcs8PrivateKey();

    /// <summary>PKCS #8, DER.</summary>
    public ReadOnlyMemory<byte> Der() => pkcs8;

    /// <summary>PKCS #8, PEM.</summary>
    public string Pem() => PemEncoding.WriteString("PRIVATE KEY", pkcs8) + "\n";

    /// <inheritdoc/>
    public override string ToString() => "a private key";
}

/// <summary>A certificate, and the key where the authority made it.</summary>
/// <param name="Certificate">The certificate.</param>
/// <param name="Key">Its private key; null where the owner made it and keeps it.</param>
internal sealed record IssuedIdentity(IssuedCertificate Certificate, PrivateKey? Key);

/// <summary>What became of a request: one of both.</summary>
/// <param name="Issued">What was given out, or null.</param>
/// <param name="Refused">Why nothing was, or null.</param>
internal sealed record IssueAnswer(IssuedIdentity? Issued, IssueRefusal? Refused);
