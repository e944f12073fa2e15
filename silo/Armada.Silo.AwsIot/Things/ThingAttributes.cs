using System.Collections.Immutable;

namespace Armada.Silo.AwsIot.Things;

/// <summary>How far a thing is.</summary>
internal enum ThingPhase : byte
{
    /// <summary>Its first certificate is under way; for everybody else it is not there yet.</summary>
    New,

    /// <summary>It is there.</summary>
    Ready,

    /// <summary>It is being deleted.</summary>
    Leaving,
}

/// <summary>What a thing's attributes say: who it is, and what is under way. Attributes of others are kept as they are.</summary>
/// <param name="Labels">Who it is, and attributes of others.</param>
/// <param name="Phase">How far it is.</param>
/// <param name="Making">The certificate that is being made, or null.</param>
/// <param name="Certificates">Its certificates, oldest first.</param>
internal sealed record ThingAttributes(
    ImmutableDictionary<string, string> Labels, ThingPhase Phase, CreationMarker? Making, ImmutableArray<CertificateNote> Certificates)
{
    /// <summary>Longest value of an attribute.</summary>
    public const int LongestValue = 800;

    private const string PhaseName = "phase";
    private const string MakingName = "making";
    private const string CertificatesName = "certificates";
    private const char Between = ',';

    private static readonly string[] Phases = ["new", "ready", "leaving"];

    /// <summary>Whether something was begun and not ended.</summary>
    public bool IsOpen => Phase != ThingPhase.Ready || Making is not null || Certificates.Any(note => !note.IsGood);

    /// <summary>A thing without a certificate yet.</summary>
    public static ThingAttributes Of(IEnumerable<KeyValuePair<string, string>> labels, CreationMarker making) =>
        new(labels.ToImmutableDictionary(), ThingPhase.New, making, []);

    /// <summary>The certificate with this fingerprint, or null.</summary>
    public CertificateNote? Find(string fingerprint) => Certificates.FirstOrDefault(note => note.Fingerprint == fingerprint);

    /// <summary>The same with some certificates put on or off.</summary>
    public ThingAttributes With(Func<CertificateNote, CertificateNote?> change) =>
        this with { Certificates = [.. Certificates.Select(change).OfType<CertificateNote>()] };

    /// <summary>The same with some certificates to be taken back.</summary>
    public ThingAttributes Leave(Func<CertificateNote, bool> which) =>
        With(note => which(note) ? note with { Use = CertificateUse.Leaving } : note);

    /// <summary>All attributes.</summary>
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

    /// <inheritdoc/>
    public bool Equals(ThingAttributes? other)
    {
        if (other is null)
            return false;
        var (mine, theirs) = (ToAttributes(), other.ToAttributes());
        return mine.Count == theirs.Count && mine.All(pair => theirs.TryGetValue(pair.Key, out var value) && value == pair.Value);
    }

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Phase, Labels.Count, Certificates.Length);
}

/// <summary>A thing as it was read.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arn">Its full name at AWS.</param>
/// <param name="Version">Its version, for changes that must not meet another one.</param>
/// <param name="Note">What its attributes say.</param>
internal sealed record Thing(string Name, string Arn, long? Version, ThingAttributes Note)
{
    /// <summary>The full name of one of its certificates, which is in the same account and region.</summary>
    public string CertificateArn(string fingerprint) => $"{Arn[..^$"thing/{Name}".Length]}cert/{fingerprint}";
}
