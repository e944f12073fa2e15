using Armada.Core.Engine;

namespace Armada.Silo.Cluster;

/// <summary>Whether this silo knows the fleet, and how many silos it sees.</summary>
internal sealed class ClusterHealth(ISiloStatusOracle silos) : IEngineHealth
{
    private volatile bool hasSeenFleet;

    /// <inheritdoc/>
    public EngineHealth Now => new(hasSeenFleet && silos.CurrentStatus == SiloStatus.Active, silos.GetApproximateSiloStatuses(onlyActive: true).Count);

    /// <summary>The fleet's directory was read.</summary>
    public void SeeFleet() => hasSeenFleet = true;
}
