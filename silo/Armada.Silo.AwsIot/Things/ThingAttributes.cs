using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Armada.Core.Devices;

namespace Armada.Silo.AwsIot.Things;

/// <summary>How far a thing is.</summary>
internal enum ThingPhase : byte
{
    New,

    Ready,

    Leaving,
}

/// <summary>What a thing's attributes say: who it is, and what is under way. Attributes of others are kept as they are.</summary>
/// <param name="Making">The certificate that is being made, or null.</param>
internal sealed record ThingAttributes(
    ImmutableDictionary<string, string> Labels, ThingPhase Phase, CreationMarker? Making, ImmutableArray<CertificateNote> Certificates)
{
    public const int LongestValue = 800;

    private const string PhaseName = "phase";
    private const string MakingName = "making";
    private const string CertificatesName = "certificates";
    private const char Between = ',';

    private static readonly string[] Phases = ["new", "ready", "leaving"];

    public bool IsOpen => Phase != ThingPhase.Ready || Making is not null || Certificates.Any(note => !note.IsGood);

    public static ThingAttributes Of(IEnumerable<KeyValuePair<string, string>> labels, CreationMarker making) =>
        new(labels.ToImmutableDictionary(), ThingPhase.New, making, []);

    /// <summary>The certificate with this fingerprint, or null.</summary>
    public CertificateNote? Find(string fingerprint) => Certificates.FirstOrDefault(note => note.Fingerprint == fingerprint);

    public ThingAttributes With(Func<CertificateNote, CertificateNote?> change) =>
        this with { Certificates = [.. Certificates.Select(change).OfType<CertificateNote>()] };

    public ThingAttributes Leave(Func<CertificateNote, bool> which) =>
        With(note => which(note) ? note with { Use = CertificateUse.Leaving } : note);

    public Dictionary<string, string> ToAttributes()
    {
        var attributes = new Dictionary<string, string>(Labels, StringComparer.Ordinal) { [PhaseName] = Phases[(int)Phase] };
        if (Making is not null)
            attributes[MakingName] = Making.ToString();
        if (!Certificates.IsEmpty)
            attributes[CertificatesName] = string.Join(Between, Certificates);
        return attributes;
    }

    /// <summary>Reads attributes; null where they were changed by somebody who did not know what they mean.</summary>
    public static ThingAttributes? Read(IReadOnlyDictionary<string, string>? attributes)
    {
        var labels = (attributes ?? new Dictionary<string, string>()).ToImmutableDictionary();
        var phase = Array.IndexOf(Phases, labels.GetValueOrDefault(PhaseName));
        var mark = labels.GetValueOrDefault(MakingName);
        var making = mark is null ? null : CreationMarker.Read(mark);
        var list = labels.GetValueOrDefault(CertificatesName);
        var notes = list is null ? [] : list.Split(Between).Select(CertificateNote.Read).ToImmutableArray();
        if (phase < 0 || (mark is not null && making is null) || notes.Contains(null))
            return null;
        return new ThingAttributes(labels.RemoveRange([PhaseName, MakingName, CertificatesName]), (ThingPhase)phase, making, [.. notes.OfType<CertificateNote>()]);
    }

    public bool Equals(ThingAttributes? other)
    {
        if (other is null)
            return false;
        var (mine, theirs) = (ToAttributes(), other.ToAttributes());
        return mine.Count == theirs.Count && mine.All(pair => theirs.TryGetValue(pair.Key, out var value) && value == pair.Value);
    }

    public override int GetHashCode() => HashCode.Combine(Phase, Labels.Count, Certificates.Length);
}

/// <summary>A thing as it was read.</summary>
/// <param name="Version">Its version, for changes that must not meet another one.</param>
internal sealed record Thing(string Name, string Arn, long? Version, ThingAttributes Note)
{
    public string CertificateArn(string fingerprint) => $"{Arn[..^$"thing/{Name}".Length]}cert/{fingerprint}";
}

/// <summary>How far a certificate is.</summary>
internal enum CertificateUse : byte
{
    Issued,

    Collected,

    Leaving,
}

/// <summary>What a thing's attributes say of one of its certificates.</summary>
/// <param name="Fingerprint">SHA-256 of the certificate, hexadecimal, which is its id at AWS.</param>
/// <param name="KeyHash">SHA-256 of the public key as it was asked for, base64url.</param>
internal sealed record CertificateNote(string Fingerprint, string KeyHash, DateTimeOffset NotBefore, DateTimeOffset NotAfter, CertificateUse Use)
{
    private const string Uses = "icl";

    public bool IsGood => Use != CertificateUse.Leaving;

    public DeviceCertificate ToCertificate() => new(Fingerprint, NotBefore, NotAfter, Use != CertificateUse.Issued);

    /// <summary>In the characters that an attribute may have.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Fingerprint}:{KeyHash}:{NotBefore.ToUnixTimeSeconds()}:{NotAfter.ToUnixTimeSeconds()}:{Uses[(int)Use]}");

    /// <summary>Reads it back; null where it is none.</summary>
    public static CertificateNote? Read(string text)
    {
        if (text.Split(':') is not [var fingerprint, var key, var from, var until, [var use]] || !DeviceCertificate.IsFingerprint(fingerprint))
            return null;
        return Uses.IndexOf(use) is >= 0 and var index && Seconds(from) is { } notBefore && Seconds(until) is { } notAfter
            ? new CertificateNote(fingerprint, key, notBefore, notAfter, (CertificateUse)index)
            : null;
    }

    private static DateTimeOffset? Seconds(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 253402300800 // The year 10000.
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}

/// <summary>Written on a thing before a certificate is made for it, so that what a sudden end leaves behind is found again.</summary>
/// <param name="KeyHash">SHA-256 of the public key that is asked for, base64url.</param>
internal sealed record CreationMarker(string KeyHash, DateTimeOffset Since, string Nonce)
{
    public static CreationMarker New(string keyHash, DateTimeOffset now) =>
        new(keyHash, DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()), RandomNumberGenerator.GetHexString(16, lowercase: true));

    /// <summary>In the characters that an attribute may have.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{KeyHash}:{Since.ToUnixTimeSeconds()}:{Nonce}");

    /// <summary>Reads it back; null where it is none.</summary>
    public static CreationMarker? Read(string text) =>
        text.Split(':') is [var key, var since, var nonce] && long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds < 253402300800
            ? new CreationMarker(key, DateTimeOffset.FromUnixTimeSeconds(seconds), nonce)
            : null;
}

/// <summary>The attributes of a thing that say what the device is.</summary>
internal static class Labels
{
    private const string Kind = "kind";
    private const string Role = "role";
    private const string Site = "site";
    private const string Created = "created";
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    public static IReadOnlyList<string> Searchable { get; } = [Kind, Role, Site];

    public static Dictionary<string, string> Of(NewDevice device, DateTimeOffset now)
    {
        var labels = OfSilo(now);
        labels[Kind] = DeviceKinds.NameOf(device.Kind);
        if (device.Role is { } role)
            labels[Role] = RoleName(role);
        if (device.Site is { } site)
            labels[Site] = site;
        return labels;
    }

    public static Dictionary<string, string> OfSilo(DateTimeOffset now) =>
        new(StringComparer.Ordinal) { [Created] = now.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture) };

    /// <summary>The site, or null.</summary>
    public static string? SiteOf(ThingAttributes note) => note.Labels.GetValueOrDefault(Site);

    /// <summary>The device that a thing stands for; null where its attributes do not say so.</summary>
    public static DeviceIdentity? Read(Thing thing)
    {
        var labels = thing.Note.Labels;
        var role = labels.GetValueOrDefault(Role);
        var board = Array.Find(Enum.GetValues<BoardRole>(), known => RoleName(known) == role);
        if (!DeviceKinds.TryParse(labels.GetValueOrDefault(Kind, ""), out var kind) || (role is not null && RoleName(board) != role)
            || !DateTimeOffset.TryParseExact(
                labels.GetValueOrDefault(Created), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var created))
        {
            return null;
        }

        return new DeviceIdentity(
            thing.Name, kind, role is null ? null : board, SiteOf(thing.Note), created, [.. thing.Note.Certificates.Select(note => note.ToCertificate())]);
    }

    private static string RoleName(BoardRole role) => role == BoardRole.Leader ? "leader" : "follower";
}
