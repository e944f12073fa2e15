using Armada.Domain.Motions;

namespace Armada.Silo.Sequences;

/// <summary>The sequences a robot can play: the built-in ones and those that were stored.</summary>
internal interface ISequences
{
    /// <summary>The sequence of this id, or null.</summary>
    ValueTask<Sequence?> FindAsync(string id);
}

/// <summary>A sequence in its place among the others.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Version">Raised at every change.</param>
/// <param name="IsBuiltIn">Whether it came with the silo and cannot be changed.</param>
internal sealed record KeptSequence(Sequence Sequence, long Version, bool IsBuiltIn);

/// <summary>What a change asks of the version it is for.</summary>
/// <param name="Version">The version, or null for "there is none".</param>
internal readonly record struct ExpectedVersion(long? Version);

/// <summary>Why a change of a sequence was refused.</summary>
internal enum SequenceRefusal
{
    /// <summary>There is no such sequence.</summary>
    Unknown,

    /// <summary>It came with the silo.</summary>
    BuiltIn,

    /// <summary>It has another version than expected.</summary>
    Changed,

    /// <summary>There is no room for another.</summary>
    TooMany,
}

/// <summary>What became of a change.</summary>
/// <param name="Refused">Why nothing was done, or null.</param>
/// <param name="Kept">The sequence as it is now; null where there is none.</param>
internal readonly record struct SequenceAnswer(SequenceRefusal? Refused, KeptSequence? Kept);
