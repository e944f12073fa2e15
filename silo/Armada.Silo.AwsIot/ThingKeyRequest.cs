using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Silo.AwsIot;

/// <summary>A PKCS #10 request and its key.</summary>
internal sealed class ThingKeyRequest
{
    /// <summary>Characters; a request for RSA with 4096 bits has less than 2,000.</summary>
    public const int MaxLength = 8192;
    private const string P256 = "1.2.840.10045.3.1.7";
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 4096;

    private static readonly string[] PemLabels = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

    private readonly string? privateKey;

    private ThingKeyRequest(byte[] request, PublicKey key, string? privateKey)
    {
        this.privateKey = privateKey;
        Pem = PemEncoding.WriteString(PemLabels[0], request) + "\n";
        Hash = KeyHash.Of(key);
    }

    public string Pem { get; }
    public string Hash { get; }

    /// <summary>PKCS #8 PEM; null unless the key was generated here.</summary>
    public string? PrivateKey() => privateKey;

    /// <summary>Generates a key on P-256; AWS never sees the private part.</summary>
    public static ThingKeyRequest Create(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Of(name, key, key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    public static ThingKeyRequest Of(string name, ECDsa key) => Of(name, key, null);

    /// <summary>Null if the request is malformed or its key is not accepted.</summary>
    public static ThingKeyRequest? TryRead(string pem, out string problem)
    {
        problem = "the certificate request must be PKCS #10, in PEM, and signed with its own key";
        try
        {
            if (pem.Length > MaxLength || !PemEncoding.TryFind(pem, out var fields) || !PemLabels.Contains(pem[fields.Label]))
                return null;
            var der = Convert.FromBase64String(pem[fields.Base64Data]);
            var options = CertificateRequestLoadOptions.SkipSignatureValidation; // Until the key is known to be cheap to verify.
            var read = CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256, out var consumed, options);
            if (consumed != der.Length)
                return null;
            if (!IsTaken(read.PublicKey))
            {
                problem = "the certificate request's key is not accepted: use an EC key on P-256 (prime256v1), or RSA with 2048 to 4096 bits";
                return null;
            }

            CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256, out _);
            return new ThingKeyRequest(der, read.PublicKey, null);
        }
        catch (Exception bad) when (bad is CryptographicException or ArgumentException or FormatException or NotSupportedException)
        {
            return null;
        }
    }

    private static ThingKeyRequest Of(string name, ECDsa key, string? privateKey)
    {
        var request = new CertificateRequest(new X500DistinguishedName($"CN={name}"), key, HashAlgorithmName.SHA256);
        return new ThingKeyRequest(request.CreateSigningRequest(), request.PublicKey, privateKey);
    }

    private static bool IsTaken(PublicKey key)
    {
        using var ec = key.GetECDsaPublicKey();
        if (ec is not null)
            return ec.ExportParameters(false).Curve is { IsNamed: true, Oid.Value: P256 };
        using var rsa = key.GetRSAPublicKey();
        return rsa is { KeySize: >= MinRsaBits and <= MaxRsaBits } && rsa.ExportParameters(false).Exponent is [1, 0, 1];
    }
}

/// <summary>SHA-256 of a public key, base64url: it relates a request to its certificate.</summary>
internal static class KeyHash
{
    public static string Of(PublicKey key) => Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    /// <summary>Null if the certificate cannot be read.</summary>
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
