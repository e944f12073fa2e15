using Armada.Core.Engine;

namespace Armada.Core.Motions;

/// <summary>The built-in and stored sequences, the same for all silos. Members may be called from any thread.</summary>
public interface ISequences
{
    /// <summary>Ordinal order.</summary>
    /// <exception cref="EngineUnreachableException">The cluster cannot be asked now.</exception>
    ValueTask<IReadOnlyList<string>> ListAsync(CancellationToken cancellation);

    /// <exception cref="EngineUnreachableException">The cluster cannot be asked now.</exception>
    ValueTask<VersionedSequence?> FindAsync(string id, CancellationToken cancellation);

    /// <summary>Stores a sequence durably, replacing another of its id. The same content again changes nothing.</summary>
    /// <param name="sequence">A sequence without problems.</param>
    /// <param name="expected">The version to replace, or null for any.</param>
    /// <exception cref="EngineUnreachableException">The cluster did not answer; whether it is stored is not known.</exception>
    ValueTask<SequenceAnswer> PutAsync(Sequence sequence, ExpectedVersion? expected, CancellationToken cancellation);

    /// <summary>Deletes a sequence durably; a robot that plays it goes on.</summary>
    /// <param name="expected">The version to delete, or null for any.</param>
    /// <exception cref="EngineUnreachableException">The cluster did not answer; whether it is deleted is not known.</exception>
    ValueTask<SequenceAnswer> DeleteAsync(string id, ExpectedVersion? expected, CancellationToken cancellation);
}
