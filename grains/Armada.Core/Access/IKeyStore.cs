using Armada.Core.Engine;

namespace Armada.Core.Access;

/// <summary>Documents of API keys, the same for all silos. Each change names the version of the set it was decided for.</summary>
public interface IKeyStore
{
    /// <summary>Every document, or null where <paramref name="known"/> (<see cref="KeySet.None"/> for none) is still the version.</summary>
    /// <exception cref="EngineUnreachableException">The cluster's store cannot be asked now.</exception>
    ValueTask<KeySet?> ReadAsync(long known, CancellationToken cancellation);

    /// <summary>Durably replaces or (null) removes the document of an id; nothing is done where the set has another version.</summary>
    ValueTask<KeyWrite> WriteAsync(long version, string id, string? content, CancellationToken cancellation);
}

/// <summary>A key's document, JSON: hashes, never a secret.</summary>
[GenerateSerializer, Immutable, Alias("armada.key.document")]
public sealed record KeyDocument([Id(0)] string Id, [Id(1)] string Content)
{
    public override string ToString() => $"{nameof(KeyDocument)} {Id}"; // Without the hash.
}

/// <summary>The stored keys.</summary>
/// <param name="Version">Another one after each change, never <see cref="None"/>.</param>
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

/// <summary>The result of a write: it is stored, there is another version, or it failed.</summary>
/// <param name="Version">The new version; null where nothing was done.</param>
/// <param name="Failure">Why it could not be stored and what to do, in words; null where there is another version.</param>
[GenerateSerializer, Immutable, Alias("armada.key.write")]
public sealed record KeyWrite([Id(0)] long? Version, [Id(1)] string? Failure = null);
