using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Silo.Identities;

/// <summary>A signed list of revocations that was read back.</summary>
/// <param name="Number">Its number.</param>
/// <param name="NextUpdate">Until when it is good.</param>
/// <param name="Entries">What it lists.</param>
internal sealed record SignedList(long Number, DateTimeOffset NextUpdate, ImmutableArray<Revocation> Entries)
{
    /// <summary>What PEM calls it.</summary>
    public const string Label = "X509 CRL";

    private const string ReasonCode = "2.5.29.21";

    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0);

    /// <summary>Reads a list; null where the authority did not sign it or it is damaged.</summary>
    public static SignedList? Read(string pem, CertificateAuthority authority)
    {
        try
        {
            if (!PemEncoding.TryFind(pem, out var fields) || !pem.AsSpan()[fields.Label].SequenceEqual(Label))
                return null;
            var der = Convert.FromBase64String(pem[fields.Base64Data]);
            if (!authority.HasSigned(der))
                return null;
            CertificateRevocationListBuilder.Load(der, out BigInteger number);
            var (nextUpdate, entries) = ReadBody(der);
            return new SignedList((long)number, nextUpdate, entries);
        }
        catch (Exception damaged) when (damaged is CryptographicException or AsnContentException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private static (DateTimeOffset NextUpdate, ImmutableArray<Revocation> Entries) ReadBody(byte[] der)
    {
        var body = new AsnReader(der, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        body.ReadInteger(); // version 2
        body.ReadSequence(); // the algorithm
        body.ReadSequence(); // the issuer
        ReadTime(body); // this update
        var nextUpdate = ReadTime(body);
        if (!body.HasData || body.PeekTag().HasSameClassAndValue(Extensions))
            return (nextUpdate, []);
        var entries = ImmutableArray.CreateBuilder<Revocation>();
        var list = body.ReadSequence();
        while (list.HasData)
            entries.Add(ReadEntry(list.ReadSequence()));
        return (nextUpdate, entries.ToImmutable());
    }

    private static Revocation ReadEntry(AsnReader entry)
    {
        var serial = Convert.ToHexStringLower(entry.ReadIntegerBytes().Span);
        return new Revocation(serial, At: ReadTime(entry), Reason: ReadReason(entry));
    }

    private static X509RevocationReason ReadReason(AsnReader entry)
    {
        if (!entry.HasData)
            return X509RevocationReason.Unspecified;
        var extensions = entry.ReadSequence();
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            if (extension.ReadObjectIdentifier() == ReasonCode)
            {
                var value = new AsnReader(extension.ReadOctetString(), AsnEncodingRules.DER);
                return (X509RevocationReason)int.Parse(
                    Convert.ToHexString(value.ReadEnumeratedBytes().Span), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
        }

        return X509RevocationReason.Unspecified;
    }

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
