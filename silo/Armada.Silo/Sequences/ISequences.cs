using Armada.Domain.Motions;

namespace Armada.Silo.Sequences;

/// <summary>Stored and built-in sequences.</summary>
internal interface ISequences
{
    /// <summary>A sequence by its id, or null.</summary>
    ValueTask<Sequence?> FindAsync(string id);
}
