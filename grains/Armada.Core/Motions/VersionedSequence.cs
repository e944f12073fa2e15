namespace Armada.Core.Motions;

/// <summary>A sequence in its place among the others.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Version">Raised at every change; the first is 1.</param>
/// <param name="IsBuiltIn">Whether it came with the silo and cannot be changed.</param>
[GenerateSerializer, Immutable, Alias("armada.sequence.version")]
public sealed record VersionedSequence([Id(0)] Sequence Sequence, [Id(1)] long Version, [Id(2)] bool IsBuiltIn);

/// <summary>What a change asks of the version it is for.</summary>
/// <param name="Version">The version, or null for "there is none".</param>
[GenerateSerializer, Immutable, Alias("armada.sequence.expected")]
public readonly record struct ExpectedVersion([Id(0)] long? Version);

/// <summary>Why a change of a sequence was refused.</summary>
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

    /// <summary>The change could not be made durable; nothing was changed.</summary>
    NotStored,
}

/// <summary>What became of a change.</summary>
/// <param name="Refused">Why nothing was done, or null.</param>
/// <param name="Current">The sequence as it is now; null where there is none.</param>
/// <param name="Text">Where it could not be made durable, why and what to do; otherwise null.</param>
[GenerateSerializer, Immutable, Alias("armada.sequence.answer")]
public sealed record SequenceAnswer([Id(0)] SequenceRefusal? Refused, [Id(1)] VersionedSequence? Current, [Id(2)] string? Text = null);
