using Armada.Core.Access;
using Armada.Core.Engine;
using Armada.Grains.Access;
using Armada.Silo.Engine;

namespace Armada.Silo.Cluster;

/// <summary>The API keys of all silos, in one grain.</summary>
internal sealed class ClusterKeys(IGrainFactory grains) : IKeyStore
{
    private const string Name = "the key ring";

    private IKeyRingGrain Ring => grains.GetGrain<IKeyRingGrain>(IKeyRingGrain.Key);

    /// <inheritdoc/>
    public async ValueTask<KeySet?> ReadAsync(long known, CancellationToken cancellation) =>
        await Ring.ReadAsync(known).AnswerAsync(Name, cancellation);

    /// <inheritdoc/>
    public async ValueTask<KeyWrite> WriteAsync(long version, string id, string? content, CancellationToken cancellation)
    {
        try
        {
            return await Ring.WriteAsync(version, id, content).AnswerAsync(Name, cancellation);
        }
        catch (EngineUnreachableException unreachable)
        {
            return new KeyWrite(null, unreachable.Message);
        }
    }
}
