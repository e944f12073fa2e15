using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;

namespace Armada.Silo.AwsIot;

internal enum ThingPhase : byte
{
    New,
    Ready,
    Leaving,
}

/// <summary>The attributes of a thing: its tags, and the state of its certificates. Unknown attributes are preserved.</summary>
/// <param name="Pending">The certificate that is being issued, or null.</param>
internal sealed record ThingAttributes(
    ImmutableDictionary<string, string> Tags, ThingPhase Phase, CreationMarker? Pending, ImmutableArray<CertificateEntry> Certificates)
{
    public const int MaxValueLength = 800;
    private const string PhaseName = "phase";
    private const string PendingName = "making";
    private const string CertificatesName = "certificates";
    private const char Separator = ',';

    private static readonly string[] Phases = ["new", "ready", "leaving"];

    public bool HasPendingWork => Phase != ThingPhase.Ready || Pending is not null || Certificates.Any(entry => !entry.IsGood);

    public static ThingAttributes Of(IEnumerable<KeyValuePair<string, string>> tags, CreationMarker pending) =>
        new(tags.ToImmutableDictionary(), ThingPhase.New, pending, []);

    public CertificateEntry? Find(string fingerprint) => Certificates.FirstOrDefault(entry => entry.Fingerprint == fingerprint);

    public ThingAttributes With(Func<CertificateEntry, CertificateEntry?> change) =>
        this with { Certificates = [.. Certificates.Select(change).OfType<CertificateEntry>()] };

    public ThingAttributes MarkLeaving(Func<CertificateEntry, bool> which) =>
        With(entry => which(entry) ? entry with { Use = CertificateUse.Leaving } : entry);

    public Dictionary<string, string> ToAttributes()
    {
        var attributes = new Dictionary<string, string>(Tags, StringComparer.Ordinal) { [PhaseName] = Phases[(int)Phase] };
        if (Pending is not null)
            attributes[PendingName] = Pending.ToString();
        if (!Certificates.IsEmpty)
            attributes[CertificatesName] = string.Join(Separator, Certificates);
        return attributes;
    }

    /// <summary>Null if they were changed by hand and cannot be read.</summary>
    public static ThingAttributes? Read(IReadOnlyDictionary<string, string>? attributes)
    {
        var tags = (attributes ?? new Dictionary<string, string>()).ToImmutableDictionary();
        var phase = Array.IndexOf(Phases, tags.GetValueOrDefault(PhaseName));
        var marker = tags.GetValueOrDefault(PendingName);
        var pending = marker is null ? null : CreationMarker.Read(marker);
        var list = tags.GetValueOrDefault(CertificatesName);
        var entries = list is null ? [] : list.Split(Separator).Select(CertificateEntry.Read).ToImmutableArray();
        if (phase < 0 || (marker is not null && pending is null) || entries.Contains(null))
            return null;
        return new ThingAttributes(tags.RemoveRange([PhaseName, PendingName, CertificatesName]), (ThingPhase)phase, pending, [.. entries.OfType<CertificateEntry>()]);
    }

    public bool Equals(ThingAttributes? other)
    {
        if (other is null)
            return false;
        var (mine, theirs) = (ToAttributes(), other.ToAttributes());
        return mine.Count == theirs.Count && mine.All(pair => theirs.TryGetValue(pair.Key, out var value) && value == pair.Value);
    }

    public override int GetHashCode() => HashCode.Combine(Phase, Tags.Count, Certificates.Length);
}

/// <param name="Version">For optimistic concurrency.</param>
internal sealed record Thing(string Name, string Arn, long? Version, ThingAttributes Attributes)
{
    public string CertificateArn(string fingerprint) => $"{Arn[..^$"thing/{Name}".Length]}cert/{fingerprint}";
}

internal enum CertificateUse : byte
{
    Issued,
    Collected,
    Leaving,
}

/// <summary>A certificate in the attributes of its thing.</summary>
/// <param name="Fingerprint">SHA-256, hexadecimal; also its id at AWS.</param>
/// <param name="KeyHash">SHA-256 of the public key, base64url.</param>
internal sealed record CertificateEntry(string Fingerprint, string KeyHash, DateTimeOffset NotBefore, DateTimeOffset NotAfter, CertificateUse Use)
{
    private const string Uses = "icl";

    public bool IsGood => Use != CertificateUse.Leaving;

    public DeviceCertificate ToCertificate() => new(Fingerprint, NotBefore, NotAfter, Use != CertificateUse.Issued);

    /// <summary>In the characters that AWS allows in attributes.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Fingerprint}:{KeyHash}:{NotBefore.ToUnixTimeSeconds()}:{NotAfter.ToUnixTimeSeconds()}:{Uses[(int)Use]}");

    /// <summary>Null if malformed.</summary>
    public static CertificateEntry? Read(string text)
    {
        if (text.Split(':') is not [var fingerprint, var key, var from, var until, [var use]] || !DeviceCertificate.IsFingerprint(fingerprint))
            return null;
        return Uses.IndexOf(use) is >= 0 and var index && Seconds(from) is { } notBefore && Seconds(until) is { } notAfter
            ? new CertificateEntry(fingerprint, key, notBefore, notAfter, (CertificateUse)index)
            : null;
    }

    private static DateTimeOffset? Seconds(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 253402300800 // The year 10000.
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}

/// <summary>Written to a thing before a certificate is issued for it, so that a crash leaves nothing behind unnoticed.</summary>
/// <param name="Nonce">Identifies the attempt.</param>
internal sealed record CreationMarker(string KeyHash, DateTimeOffset Since, string Nonce)
{
    public static CreationMarker New(string keyHash, DateTimeOffset now) =>
        new(keyHash, DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()), RandomNumberGenerator.GetHexString(16, lowercase: true));

    /// <summary>In the characters that AWS allows in attributes.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{KeyHash}:{Since.ToUnixTimeSeconds()}:{Nonce}");

    /// <summary>Null if malformed.</summary>
    public static CreationMarker? Read(string text) =>
        text.Split(':') is [var key, var since, var nonce] && long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds < 253402300800
            ? new CreationMarker(key, DateTimeOffset.FromUnixTimeSeconds(seconds), nonce)
            : null;
}

/// <summary>The tags of a thing: what the device is.</summary>
internal static class Tags
{
    private const string Kind = "kind";
    private const string Role = "role";
    private const string Site = "site";
    private const string Created = "created";
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    public static IReadOnlyList<string> Searchable { get; } = [Kind, Role, Site];

    public static Dictionary<string, string> Of(NewDevice device, DateTimeOffset now)
    {
        var tags = OfSilo(now);
        tags[Kind] = DeviceKinds.NameOf(device.Kind);
        if (device.Role is { } role)
            tags[Role] = RoleName(role);
        if (device.Site is { } site)
            tags[Site] = site;
        return tags;
    }

    public static Dictionary<string, string> OfSilo(DateTimeOffset now) =>
        new(StringComparer.Ordinal) { [Created] = now.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture) };

    public static string? SiteOf(ThingAttributes attributes) => attributes.Tags.GetValueOrDefault(Site);

    /// <summary>Null if the tags are not those of a device.</summary>
    public static DeviceIdentity? Read(Thing thing)
    {
        var tags = thing.Attributes.Tags;
        var role = tags.GetValueOrDefault(Role);
        var board = Array.Find(Enum.GetValues<BoardRole>(), known => RoleName(known) == role);
        if (!DeviceKinds.TryParse(tags.GetValueOrDefault(Kind, ""), out var kind) || (role is not null && RoleName(board) != role)
            || !DateTimeOffset.TryParseExact(
                tags.GetValueOrDefault(Created), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var created))
        {
            return null;
        }

        return new DeviceIdentity(
            thing.Name, kind, role is null ? null : board, SiteOf(thing.Attributes), created, [.. thing.Attributes.Certificates.Select(entry => entry.ToCertificate())]);
    }

    private static string RoleName(BoardRole role) => role == BoardRole.Leader ? "leader" : "follower";
}
