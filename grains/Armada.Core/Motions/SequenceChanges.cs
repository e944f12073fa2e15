namespace Armada.Core.Motions;

/// <summary>What may be changed among the sequences, and what a change gives.</summary>
public static class SequenceChanges
{
    /// <summary>Most sequences that are stored beside the built-in ones.</summary>
    public const int Most = 1000;

    private const long BuiltInVersion = 1;

    /// <summary>The built-in sequence of this id, or null.</summary>
    public static VersionedSequence? FindBuiltIn(string id) =>
        Demonstrations.Find(id) is { } sequence ? new VersionedSequence(sequence, BuiltInVersion, IsBuiltIn: true) : null;

    /// <summary>Why a sequence may not be changed or forgotten, or null.</summary>
    /// <param name="now">The sequence as it is, or null where there is none.</param>
    /// <param name="expected">The version that the change is for, or null for any.</param>
    public static SequenceRefusal? Refuse(VersionedSequence? now, ExpectedVersion? expected) =>
        now is { IsBuiltIn: true } ? SequenceRefusal.BuiltIn
        : expected is { } one && one.Version != now?.Version ? SequenceRefusal.Changed
        : null;

    /// <summary>Why there is no room for one more, or null.</summary>
    /// <param name="stored">How many are stored, without the built-in ones.</param>
    public static SequenceRefusal? RefuseOneMore(int stored) => stored >= Most ? SequenceRefusal.TooMany : null;

    /// <summary>What there is after a sequence was put in the place of another; that other itself where nothing changes.</summary>
    public static VersionedSequence Put(VersionedSequence? now, Sequence sequence) =>
        now is not null && now.Sequence.Equals(sequence) ? now : new VersionedSequence(sequence, (now?.Version ?? 0) + 1, IsBuiltIn: false);
}
