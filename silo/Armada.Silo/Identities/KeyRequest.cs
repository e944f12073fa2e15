using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Armada.Silo.Identities;

/// <summary>
/// The public key of a PKCS #10 request whose sender proved to have the private key. The request's subject and extensions are ignored.
/// </summary>
internal static class KeyRequest
{
    /// <summary>A request for RSA with 4096 bits has less than 2,000.</summary>
    public const int MaxBytes = 8192;
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 4096; // Larger keys only cost time.
    private const string AcceptedKeys = "use an EC key on P-256 (prime256v1), or RSA with 2048 to 4096 bits if the board supports nothing else";

    private static readonly string[] PemLabels = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

    public static bool TryRead(
        ReadOnlySpan<byte> content, [NotNullWhen(true)] out PublicKey? key, [NotNullWhen(false)] out RegistryRefusal? refusal)
    {
        key = null;
        if (content.Length > MaxBytes)
            return Refuse(out refusal, $"the certificate request has more than {MaxBytes} bytes");
        try
        {
            if (ToDer(content) is not { } der)
                return Refuse(out refusal, "the certificate request must be PKCS #10, in PEM or DER");
            if (ReadKey(der) is not { } found)
                return Refuse(out refusal, $"the certificate request's key is not accepted: {AcceptedKeys}");
            if (!IsSigned(der))
                return Refuse(out refusal, "the certificate request is not signed with its own key");
            (key, refusal) = (found, null);
            return true;
        }
        catch (Exception bad) when (IsMalformed(bad))
        {
            return Refuse(out refusal, "the certificate request cannot be read: create a new one, PKCS #10 in PEM or DER");
        }
    }

    private static bool Refuse(out RegistryRefusal refusal, string text)
    {
        refusal = new RegistryRefusal(RegistryRefusalReason.Request, text);
        return false;
    }

    private static byte[]? ToDer(ReadOnlySpan<byte> content)
    {
        if (content is [0x30, ..]) // A DER SEQUENCE; no PEM text begins with '0'.
            return content.ToArray();
        Span<char> text = new char[content.Length];
        if (Ascii.ToUtf16(content, text, out _) != OperationStatus.Done || !PemEncoding.TryFind(text, out var fields))
            return null;
        if (!PemLabels.Contains(text[fields.Label].ToString(), StringComparer.Ordinal))
            return null;
        var der = new byte[fields.DecodedDataLength];
        return Convert.TryFromBase64Chars(text[fields.Base64Data], der, out var written) && written == der.Length ? der : null;
    }

    // Before the signature is verified, so that an unusual key cannot cost the time.
    private static PublicKey? ReadKey(byte[] der)
    {
        var read = CertificateRequest.LoadSigningRequest(
            der, HashAlgorithmName.SHA256, out var consumed, CertificateRequestLoadOptions.SkipSignatureValidation);
        if (consumed != der.Length)
            throw new CryptographicException("bytes follow the request");
        try
        {
            return P256Key(read.PublicKey) ?? RsaKey(read.PublicKey);
        }
        catch (CryptographicException)
        {
            return null; // An unknown curve, or a point that is not on it.
        }
    }

    private static PublicKey? P256Key(PublicKey key)
    {
        using var ec = key.GetECDsaPublicKey();
        return ec is not null && P256.IsOnCurve(ec) ? new PublicKey(ec) : null;
    }

    private static PublicKey? RsaKey(PublicKey key)
    {
        using var rsa = key.GetRSAPublicKey();
        if (rsa is null || rsa.KeySize is < MinRsaBits or > MaxRsaBits)
            return null;
        return rsa.ExportParameters(false).Exponent is [1, 0, 1] ? new PublicKey(rsa) : null; // 65537.
    }

    private static bool IsSigned(byte[] der)
    {
        try
        {
            CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256, out _);
            return true;
        }
        catch (CryptographicException)
        {
            return false; // Everything else was parsed before.
        }
    }

    private static bool IsMalformed(Exception fault) =>
        fault is CryptographicException or AsnContentException or ArgumentException or NotSupportedException;
}

/// <summary>Keys on NIST's curve P-256, which brokers, boards and AWS IoT Core all accept.</summary>
internal static class P256
{
    private const string Curve = "1.2.840.10045.3.1.7";

    public static ECDsa Create() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static bool IsOnCurve(ECDsa key)
    {
        var curve = key.ExportParameters(includePrivateParameters: false).Curve;
        return curve.IsNamed && curve.Oid.Value == Curve;
    }
}
