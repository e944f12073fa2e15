namespace Armada.Core.Motions;

/// <param name="Version">Raised at every change, from 1.</param>
/// <param name="IsBuiltIn">Comes with the silo and cannot be changed.</param>
[GenerateSerializer, Immutable, Alias("armada.sequence.version")]
public sealed record VersionedSequence([Id(0)] Sequence Sequence, [Id(1)] long Version, [Id(2)] bool IsBuiltIn);

/// <param name="Version">Null for "must not exist".</param>
[GenerateSerializer, Immutable, Alias("armada.sequence.expected")]
public readonly record struct ExpectedVersion([Id(0)] long? Version);

public enum SequenceRefusal : byte
{
    /// <summary>There is no such sequence.</summary>
    Unknown,

    /// <summary>It came with the silo.</summary>
    BuiltIn,

    /// <summary>It has another version than expected.</summary>
    Changed,

    /// <summary>There is no room for another.</summary>
    TooMany,

    /// <summary>It could not be made durable; nothing was changed.</summary>
    NotStored,
}

/// <summary>The result of a change.</summary>
/// <param name="Refused">Why nothing was done, or null.</param>
/// <param name="Current">The sequence now; null where there is none.</param>
/// <param name="Text">Why it could not be made durable and what to do; otherwise null.</param>
[GenerateSerializer, Immutable, Alias("armada.sequence.answer")]
public sealed record SequenceAnswer([Id(0)] SequenceRefusal? Refused, [Id(1)] VersionedSequence? Current, [Id(2)] string? Text = null);
