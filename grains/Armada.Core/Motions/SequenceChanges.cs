namespace Armada.Core.Motions;

/// <summary>Rules for changes of sequences.</summary>
public static class SequenceChanges
{
    /// <summary>Maximum number of stored sequences, built-in ones not counted.</summary>
    public const int Most = 1000;

    private const long BuiltInVersion = 1;

    public static VersionedSequence? FindBuiltIn(string id) =>
        Demonstrations.Find(id) is { } sequence ? new VersionedSequence(sequence, BuiltInVersion, IsBuiltIn: true) : null;

    /// <summary>Why a sequence may not be replaced or deleted, or null.</summary>
    /// <param name="now">The present sequence, or null.</param>
    /// <param name="expected">The version the change is for, or null for any.</param>
    public static SequenceRefusal? Refuse(VersionedSequence? now, ExpectedVersion? expected) =>
        now is { IsBuiltIn: true } ? SequenceRefusal.BuiltIn
        : expected is { } one && one.Version != now?.Version ? SequenceRefusal.Changed
        : null;

    public static SequenceRefusal? RefuseOneMore(int stored) => stored >= Most ? SequenceRefusal.TooMany : null;

    /// <summary>The result of a replacement; <paramref name="now"/> itself where nothing changes.</summary>
    public static VersionedSequence Put(VersionedSequence? now, Sequence sequence) =>
        now is not null && now.Sequence.Equals(sequence) ? now : new VersionedSequence(sequence, (now?.Version ?? 0) + 1, IsBuiltIn: false);
}
