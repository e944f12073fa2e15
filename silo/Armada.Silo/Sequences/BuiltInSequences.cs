using Armada.Domain.Motions;

namespace Armada.Silo.Sequences;

/// <summary>The demonstrations alone.</summary>
internal sealed class BuiltInSequences : ISequences
{
    /// <inheritdoc/>
    public ValueTask<Sequence?> FindAsync(string id) => new(Demonstrations.All.FirstOrDefault(sequence => sequence.Id == id));
}
