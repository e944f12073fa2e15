using Armada.Core.Access;
using Orleans.Concurrency;

namespace Armada.Grains.Access;

/// <summary>The documents of the cluster's API keys. There is one, under <see cref="Key"/>.</summary>
[GrainInterfaceType("armada.key-ring"), Alias("armada.key-ring")]
public interface IKeyRingGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "keys";

    /// <summary>Every document, or null where the version is still the known one.</summary>
    [Alias("read"), AlwaysInterleave]
    Task<KeySet?> ReadAsync(long known);

    /// <summary>Puts a document in the place of another of its id, or removes it; nothing where there is another version.</summary>
    /// <param name="version">The version for which this was decided.</param>
    /// <param name="id">Id of the key.</param>
    /// <param name="content">The document, or null to remove it.</param>
    [Alias("write")]
    Task<KeyWrite> WriteAsync(long version, string id, string? content);
}
