using System.Collections.Immutable;
using Armada.Core.Engine;

namespace Armada.Core.Access;

/// <summary>
/// Where the documents of API keys are kept. In a cluster all silos have the same ones; each change is for one version of all, so that
/// of two silos that decide at once the second decides again.
/// </summary>
public interface IKeyStore
{
    /// <summary>Every document, or null where the version is still the known one.</summary>
    /// <param name="known">The version that the caller has; <see cref="KeySet.None"/> for none.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="EngineUnreachableException">Of a cluster, the store cannot be asked now.</exception>
    ValueTask<KeySet?> ReadAsync(long known, CancellationToken cancellation);

    /// <summary>Puts a document in the place of another of its id, or removes it, durably.</summary>
    /// <param name="version">The version for which this was decided; with another one nothing is done.</param>
    /// <param name="id">Id of the key.</param>
    /// <param name="content">The document, or null to remove it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    ValueTask<KeyWrite> WriteAsync(long version, string id, string? content, CancellationToken cancellation);
}

/// <summary>A key's document: hashes, never a secret.</summary>
/// <param name="Id">The key's id.</param>
/// <param name="Content">What is kept of it, JSON.</param>
[GenerateSerializer, Immutable, Alias("armada.key.document")]
public sealed record KeyDocument([Id(0)] string Id, [Id(1)] string Content)
{
    public override string ToString() => $"{nameof(KeyDocument)} {Id}"; // Without the hash.
}

/// <summary>What is kept.</summary>
/// <param name="Version">Another one after each change, never <see cref="None"/>.</param>
/// <param name="Keys">The documents.</param>
/// <param name="Forgotten">Ids of removed keys, which must not come back; the oldest of very many may be left out.</param>
/// <param name="IsInitialized">Whether there is or was a key.</param>
[GenerateSerializer, Immutable, Alias("armada.key.set")]
public sealed record KeySet(
    [Id(0)] long Version,
    [Id(1)] ImmutableArray<KeyDocument> Keys,
    [Id(2)] ImmutableArray<string> Forgotten,
    [Id(3)] bool IsInitialized)
{
    /// <summary>The version of nothing read yet.</summary>
    public const long None = -1;
}

/// <summary>What became of a write: it is stored, there is another version, or it failed.</summary>
/// <param name="Version">The new version; null where nothing was done.</param>
/// <param name="Failure">Why it could not be stored and what to do, in words; null where there is another version.</param>
[GenerateSerializer, Immutable, Alias("armada.key.write")]
public sealed record KeyWrite([Id(0)] long? Version, [Id(1)] string? Failure = null);
