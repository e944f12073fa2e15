using Armada.Core.Engine;
using Armada.Grains;
using Armada.Grains.Fleet;
using Armada.Silo.Engine;

namespace Armada.Silo.Cluster;

/// <summary>Whether a gateway is answered by its cluster and reaches storage.</summary>
internal sealed class GatewayHealth(IGrainFactory grains, IStoreHealth store, TimeProvider time, ILogger<GatewayHealth> logger)
    : PeriodicService(Poll, time, logger, initialDelay: TimeSpan.FromMilliseconds(1)), IEngineHealth
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(2);

    private volatile EngineHealth seen = new(Loaded: false, Silos: 0);

    public EngineHealth Now => seen with { Loaded = seen.Loaded && store.IsReached };

    protected override async Task RunOnceAsync(CancellationToken cancellation)
    {
        try
        {
            var (fleet, hosts) = (grains.GetGrain<IFleetGrain>(IFleetGrain.Key).ReadAsync(), grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true, cancellation));
            await Task.WhenAll(fleet, hosts).Within(AnswersWithin, cancellation);
            seen = new EngineHealth(Loaded: true, (await hosts).Count);
        }
        catch (Exception away) when (GrainCalls.IsTransient(away))
        {
            seen = seen with { Loaded = false };
        }
    }
}
