using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.EdgeAgent.Identities;

/// <summary>A device's private key, on P-256, and the request for a certificate on it. It does not show itself.</summary>
internal sealed class DeviceKey : IDisposable
{
    private const string Curve = "1.2.840.10045.3.1.7";

    private readonly ECDsa key;

    private DeviceKey(ECDsa key) => this.key = key;

    /// <summary>A new one.</summary>
    public static DeviceKey Make() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads one; null where the text is none, is encrypted or is on another curve.</summary>
    public static DeviceKey? TryRead(string? pem)
    {
        if (pem is null)
            return null;
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (key.ExportParameters(includePrivateParameters: true).Curve.Oid.Value == Curve)
                return new DeviceKey(key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // Half a file, or another kind of key.
            key.Dispose();
            return null;
        }

        key.Dispose();
        return null;
    }

    /// <summary>The key, PKCS #8 PEM. A method, so that no serializer takes it along.</summary>
    public string Pem() => key.ExportPkcs8PrivateKeyPem() + "\n";

    /// <summary>A request for a certificate, PKCS #10 PEM.</summary>
    /// <param name="name">Common name of its subject.</param>
    public string Request(string name)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        return new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256).CreateSigningRequestPem() + "\n";
    }

    /// <summary>Its public half.</summary>
    public string Public() => Convert.ToHexString(key.ExportSubjectPublicKeyInfo());

    /// <summary>Whether a certificate is for this key.</summary>
    public bool IsOf(X509Certificate2 certificate) => Convert.ToHexString(certificate.PublicKey.ExportSubjectPublicKeyInfo()) == Public();

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();

    /// <inheritdoc/>
    public override string ToString() => nameof(DeviceKey);
}
