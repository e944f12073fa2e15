using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Armada.Silo.Identities;

internal static class DerSignature
{
    /// <summary>Whether a certificate or revocation list is signed with ECDSA and SHA-256 by this key.</summary>
    /// <exception cref="AsnContentException">It is neither.</exception>
    public static bool IsSignedBy(ReadOnlyMemory<byte> der, ECDsa key)
    {
        var parts = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        var body = parts.ReadEncodedValue();
        parts.ReadEncodedValue(); // The algorithm: another one's signature does not verify.
        var signature = parts.ReadBitString(out _);
        return key.VerifyData(body.Span, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }
}
