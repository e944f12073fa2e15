using Armada.Core.Motions;
using Orleans.Concurrency;

namespace Armada.Grains.Sequences;

/// <summary>One stored sequence; its key is the sequence's id. Built-in sequences have no grain.</summary>
[GrainInterfaceType("armada.stored-sequence"), Alias("armada.stored-sequence")]
public interface ISequenceGrain : IGrainWithStringKey
{
    /// <summary>The sequence now, or null where there is none.</summary>
    [Alias("read"), AlwaysInterleave]
    Task<VersionedSequence?> ReadAsync();

    /// <summary>Keeps a sequence of this id. The same content again changes nothing.</summary>
    /// <param name="sequence">A sequence without problems.</param>
    /// <param name="expected">The version it is for, or null for any.</param>
    [Alias("put")]
    Task<SequenceAnswer> PutAsync(Sequence sequence, ExpectedVersion? expected);

    /// <summary>Forgets the sequence.</summary>
    /// <param name="expected">The version that is to go, or null for any.</param>
    [Alias("delete")]
    Task<SequenceAnswer> DeleteAsync(ExpectedVersion? expected);
}
