using Armada.Core.Access;
using Armada.Grains.Access;

namespace Armada.Silo.Cluster;

/// <summary>The API keys of the whole cluster, in one grain.</summary>
internal sealed class ClusterKeys(IGrainFactory grains) : IKeyStore
{
    private const string Name = "the cluster's key ring";

    private IKeyRingGrain Ring => grains.GetGrain<IKeyRingGrain>(IKeyRingGrain.Key);

    /// <inheritdoc/>
    public async ValueTask<KeySet?> ReadAsync(long known, CancellationToken cancellation)
    {
        try
        {
            return await Ring.ReadAsync(known).UntilAsync(cancellation);
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            throw TransientErrors.Throw(Name, fault);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<KeyWrite> WriteAsync(long version, string id, string? content, CancellationToken cancellation)
    {
        try
        {
            return await Ring.WriteAsync(version, id, content).UntilAsync(cancellation);
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            return new KeyWrite(null, TransientErrors.Throw(Name, fault).Message);
        }
    }
}
