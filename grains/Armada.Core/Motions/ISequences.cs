using Armada.Core.Engine;

namespace Armada.Core.Motions;

/// <summary>
/// The sequences a robot can play: the built-in ones and those that were stored. Members may be called from any thread; in a cluster
/// every silo sees the same ones.
/// </summary>
public interface ISequences
{
    /// <summary>The ids of all, ordered by their characters.</summary>
    /// <exception cref="EngineUnreachableException">Of a cluster, who knows them cannot be asked now.</exception>
    ValueTask<IReadOnlyList<string>> ListAsync(CancellationToken cancellation);

    /// <summary>The sequence of this id, or null.</summary>
    /// <exception cref="EngineUnreachableException">Of a cluster, who knows it cannot be asked now.</exception>
    ValueTask<VersionedSequence?> FindAsync(string id, CancellationToken cancellation);

    /// <summary>Keeps a sequence durably, in the place of another of its id. The same content again changes nothing.</summary>
    /// <param name="sequence">A sequence without problems.</param>
    /// <param name="expected">The version it is for, or null for any.</param>
    /// <param name="cancellation">Ends the wait; in a cluster it may be kept all the same.</param>
    /// <exception cref="EngineUnreachableException">Of a cluster, nobody answered: it is not known whether it is kept.</exception>
    ValueTask<SequenceAnswer> PutAsync(Sequence sequence, ExpectedVersion? expected, CancellationToken cancellation);

    /// <summary>Forgets a sequence durably; a robot that plays it goes on.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="expected">The version that is to go, or null for any.</param>
    /// <param name="cancellation">Ends the wait; in a cluster it may be gone all the same.</param>
    /// <exception cref="EngineUnreachableException">Of a cluster, nobody answered: it is not known whether it is gone.</exception>
    ValueTask<SequenceAnswer> DeleteAsync(string id, ExpectedVersion? expected, CancellationToken cancellation);
}
