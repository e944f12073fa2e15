using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Silo.AwsIot.Certificates;

/// <summary>SHA-256 of a public key, base64url: by it a request, its certificate and what became of it are told together.</summary>
internal static class KeyHash
{
    /// <summary>Of a key.</summary>
    public static string Of(PublicKey key) => Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    /// <summary>Of a certificate's key; null where it is no certificate that can be read.</summary>
    public static string? OfCertificate(string pem)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return Of(certificate.PublicKey);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
