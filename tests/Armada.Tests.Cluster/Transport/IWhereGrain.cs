using Orleans.Runtime.Placement;

namespace Armada.Tests.Cluster.Transport;

/// <summary>Says on which silo it runs.</summary>
public interface IWhereGrain : IGrainWithStringKey
{
    Task<SiloAddress> WhereAsync();
}

public sealed class WhereGrain(ILocalSiloDetails silo) : Grain, IWhereGrain
{
    /// <summary>Asks a grain that begins on a certain silo.</summary>
    public static async Task<SiloAddress> BegunOnAsync(IGrainFactory grains, SiloAddress silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        try
        {
            return await grains.GetGrain<IWhereGrain>(Guid.NewGuid().ToString()).WhereAsync();
        }
        finally
        {
            RequestContext.Clear();
        }
    }

    public Task<SiloAddress> WhereAsync() => Task.FromResult(silo.SiloAddress);
}
