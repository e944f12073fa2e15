using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Silo.Engine;
using Armada.Silo.Options;
using Armada.Silo.Store;

namespace Armada.Silo.Identities;

/// <summary>
/// The revoked certificates. A document of serial numbers is authoritative; the signed list for the broker is generated from it, and again
/// if it is lost. A lost document is restored from the list; if both are lost, the silo does not start.
/// </summary>
internal sealed partial class RevocationList : IDisposable
{
    public static readonly TimeSpan Validity = TimeSpan.FromDays(30);

    private readonly CertificateAuthority authority;
    private readonly TimeProvider time;
    private readonly DocumentFiles files;
    private readonly SemaphoreSlim changing = new(1);
    private readonly ILogger logger;
    private ImmutableSortedDictionary<string, Revocation> revoked = ImmutableSortedDictionary.Create<string, Revocation>(StringComparer.Ordinal);
    private long number;
    private DateTimeOffset renewAt = DateTimeOffset.MinValue; // Due until it is written.

    private RevocationList(CertificateAuthority authority, TimeProvider time, ILogger logger)
    {
        (this.authority, this.time, this.logger) = (authority, time, logger);
        files = new DocumentFiles(logger);
    }

    /// <summary>The signed list, PEM.</summary>
    public string ListFile => authority.Folder.ListFile;
    public IEnumerable<Revocation> All => Volatile.Read(ref revoked).Values;

    /// <exception cref="SiloOptionsException">Both document and list are lost.</exception>
    /// <exception cref="NotStoredException"/>
    public static async Task<RevocationList> OpenAsync(
        CertificateAuthority authority, TimeProvider time, ILogger<RevocationList> logger, CancellationToken cancellation)
    {
        var list = new RevocationList(authority, time, logger);
        try
        {
            list.Load();
            await list.RenewAsync(cancellation);
            return list;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new SiloOptionsException(
                $"'{authority.Folder.Path}' cannot be read: {unreadable.Message} Let the silo's user read and write all of it.", unreadable);
        }
    }

    public bool IsRevoked(string serial) => Volatile.Read(ref revoked).ContainsKey(serial);

    /// <summary>Revokes a certificate forever; the list is on disk when this returns. Idempotent.</summary>
    /// <exception cref="ArgumentException">The serial number is invalid, or the reason is not final.</exception>
    /// <exception cref="NotStoredException">Nothing changed; repeat the call.</exception>
    public async Task RevokeAsync(string serial, X509RevocationReason reason, CancellationToken cancellation)
    {
        var entry = new Revocation(serial, reason, DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds()));
        if (entry.FindProblem() is { } fault)
            throw new ArgumentException(fault, nameof(serial));
        using var held = await changing.EnterAsync(cancellation);
        var isNew = !revoked.ContainsKey(serial);
        if (isNew || IsDue())
            await SignAsync(isNew ? revoked.Add(serial, entry) : revoked, cancellation);
    }

    /// <summary>Signs a new list if half of the validity has passed; call it daily.</summary>
    /// <exception cref="NotStoredException">The old list remains.</exception>
    public async Task RenewAsync(CancellationToken cancellation)
    {
        using var held = await changing.EnterAsync(cancellation);
        if (IsDue())
            await SignAsync(revoked, cancellation);
    }

    public void Dispose()
    {
        files.Dispose();
        changing.Dispose();
    }

    private bool IsDue() => time.GetUtcNow() >= renewAt;

    // The document first: after a crash the list is generated from it, never the other way round.
    private async Task SignAsync(ImmutableSortedDictionary<string, Revocation> all, CancellationToken cancellation)
    {
        await files.WriteAsync(
            authority.Folder.RevokedFile, StoredRevocations.Of(number + 1, all.Values), StoredJson.Default.StoredRevocations, cancellation);
        number++;
        renewAt = DateTimeOffset.MinValue;
        Volatile.Write(ref revoked, all);
        var pem = PemEncoding.WriteString(SignedRevocationList.Label, authority.SignList(all.Values, number, Validity)) + "\n";
        try
        {
            await Task.Run(() => DurableFile.Write(ListFile, Encoding.ASCII.GetBytes(pem)), CancellationToken.None);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new NotStoredException($"'{Path.GetFileName(ListFile)}' could not be stored: {refused.Message}", refused);
        }

        renewAt = time.GetUtcNow() + (Validity / 2);
    }

    private void Load()
    {
        File.Delete(authority.Folder.RevokedFile + DurableFile.TemporaryEnding);
        File.Delete(ListFile + DurableFile.TemporaryEnding);
        var document = File.Exists(authority.Folder.RevokedFile)
            ? files.Read(authority.Folder.RevokedFile, StoredJson.Default.StoredRevocations, stored => stored.FindProblem())
            : null;
        var signed = File.Exists(ListFile) ? SignedRevocationList.Read(File.ReadAllText(ListFile), authority) : null;
        if (document is null && signed is null)
            throw AuthorityLoader.Refused(authority.Folder, "revoked.json and crl.pem are both lost, so that it is unknown which certificates are revoked");
        if (document is null)
            LogRecovered(signed!.Entries.Length, signed.Number);
        else if (signed is null && document.Number > 0)
            LogListLost();
        number = Math.Max(document?.Number ?? 0, signed?.Number ?? 0);
        var builder = revoked.ToBuilder();
        foreach (var entry in (document?.Certificates ?? []).Concat(signed?.Entries ?? []))
            builder.TryAdd(entry.Serial, entry); // The union of both.
        revoked = builder.ToImmutable();
        var isWhole = document is not null && signed is not null && document.Number == signed.Number && revoked.Count == signed.Entries.Length;
        if (isWhole && signed!.NextUpdate <= time.GetUtcNow() + Validity) // A later one was signed with a wrong clock.
            renewAt = signed.NextUpdate - (Validity / 2);
    }

    [LoggerMessage(1701, LogLevel.Error, "The document of revoked certificates was lost; restored {Count} from the signed list {Number}")]
    private partial void LogRecovered(int count, long number);

    [LoggerMessage(1702, LogLevel.Warning, "The signed list of revoked certificates was lost; it is generated again from its document")]
    private partial void LogListLost();
}

internal sealed record SignedRevocationList(long Number, DateTimeOffset NextUpdate, ImmutableArray<Revocation> Entries)
{
    public const string Label = "X509 CRL";
    private const string ReasonCode = "2.5.29.21";

    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0);

    /// <summary>Null if the list is damaged or the authority did not sign it.</summary>
    public static SignedRevocationList? Read(string pem, CertificateAuthority authority)
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
            return new SignedRevocationList((long)number, nextUpdate, entries);
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

/// <param name="Serial">Lower-case hexadecimal.</param>
internal sealed record Revocation(string Serial, X509RevocationReason Reason, DateTimeOffset At)
{
    private const int MaxDigits = 40; // RFC 5280 allows 20 bytes.

    // Without the hold, which is not final.
    private static readonly X509RevocationReason[] Known =
    [
        X509RevocationReason.Unspecified, X509RevocationReason.KeyCompromise, X509RevocationReason.Superseded,
        X509RevocationReason.CessationOfOperation, X509RevocationReason.PrivilegeWithdrawn,
    ];

    public string? FindProblem() =>
        Serial.Length is 0 or > MaxDigits || Serial.Length % 2 != 0 || !Serial.All(char.IsAsciiHexDigitLower) ? $"'{Serial}' is not a serial number"
        : !Known.Contains(Reason) ? $"the reason of {Serial} is {Reason}"
        : null;
}

/// <param name="Number">Of the last signed list; 0 for none.</param>
internal sealed record StoredRevocations(int Format, long Number, ImmutableArray<Revocation> Certificates)
{
    private const int Current = 1;

    public static StoredRevocations None { get; } = Of(0, []);

    public static StoredRevocations Of(long number, IEnumerable<Revocation> certificates) => new(Current, number, [.. certificates]);

    public string? FindProblem()
    {
        if (Format != Current)
            return $"its format is {Format}, this silo reads {Current}";
        if (Number < 0 || Certificates.IsDefault)
            return "its number or its certificates are missing";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in Certificates)
        {
            if (entry is null)
                return "a certificate is missing";
            if ((entry.FindProblem() ?? (seen.Add(entry.Serial) ? null : $"{entry.Serial} is there twice")) is { } fault)
                return fault;
        }

        return null;
    }
}
