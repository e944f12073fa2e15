using Armada.Core.Access;
using Armada.Core.Engine;
using Armada.Grains.Access;
using Armada.Silo.Engine;

namespace Armada.Silo.Access.Keys;

/// <summary>The API keys as a gateway asks the cluster for them.</summary>
internal sealed class ClusterKeys(IGrainFactory grains) : IKeyStore
{
    private const string Callee = "the store of the API keys";

    private IKeyRingGrain Ring => grains.GetGrain<IKeyRingGrain>(IKeyRingGrain.Key);

    public async ValueTask<KeySet?> ReadAsync(long known, CancellationToken cancellation) => await Ring.ReadAsync(known).AnswerAsync(Callee, cancellation);

    public async ValueTask<KeyWrite> WriteAsync(long version, string id, string? content, CancellationToken cancellation)
    {
        try
        {
            return await Ring.WriteAsync(version, id, content).AnswerAsync(Callee, cancellation);
        }
        catch (EngineUnreachableException unreachable)
        {
            return new KeyWrite(null, unreachable.Message);
        }
    }
}
