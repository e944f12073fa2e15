using Armada.Core.Access;
using Orleans.Concurrency;

namespace Armada.Grains.Access;

/// <summary>Asks the store of the silo that it is called at; the store's version decides between all of them.</summary>
[GrainType("armada.key-ring"), StatelessWorker]
public sealed class KeyRingGrain(IKeyStore keys) : Grain, IKeyRingGrain
{
    public Task<KeySet?> ReadAsync(long known) => keys.ReadAsync(known, CancellationToken.None).AsTask();

    public Task<KeyWrite> WriteAsync(long version, string id, string? content) => keys.WriteAsync(version, id, content, CancellationToken.None).AsTask();
}
