using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Testing.Registry;

/// <summary>A device's own key, which never leaves it, and its request for a certificate.</summary>
public sealed class DeviceKeys : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Makes a key.</summary>
    public DeviceKeys(string name = "device") =>
        Request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

    /// <summary>PKCS #10, PEM.</summary>
    public string Request { get; }

    /// <summary>The private key, PEM.</summary>
    public string Pem => key.ExportPkcs8PrivateKeyPem();

    /// <summary>Whether a certificate is for this key.</summary>
    public bool IsIn(string certificatePem)
    {
        using var certificate = X509Certificate2.CreateFromPem(certificatePem);
        return certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());
    }

    public void Dispose() => key.Dispose();
}
