using Armada.Domain.Access;
using Armada.Grains.Contracts.Access;
using Armada.Silo.Orleans.Engine;

namespace Armada.Silo.Orleans.Access;

/// <summary>The API keys of the whole cluster, in one grain.</summary>
internal sealed class ClusterKeys(IGrainFactory grains) : IKeyStore
{
    private const string Name = "the cluster's key ring";

    private IKeyRingGrain Ring => grains.GetGrain<IKeyRingGrain>(IKeyRingGrain.Key);

    /// <inheritdoc/>
    public async ValueTask<KeyRoll?> ReadAsync(long known, CancellationToken cancellation)
    {
        try
        {
            return await Ring.ReadAsync(known).WaitAsync(cancellation);
        }
        catch (Exception fault) when (Trouble.Is(fault))
        {
            throw Trouble.Throw(Name, fault);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<KeyWrite> WriteAsync(long version, string id, string? content, CancellationToken cancellation)
    {
        try
        {
            return await Ring.WriteAsync(version, id, content).WaitAsync(cancellation);
        }
        catch (Exception fault) when (Trouble.Is(fault))
        {
            return new KeyWrite(null, Trouble.Throw(Name, fault).Message);
        }
    }
}
