using Armada.Testing.Engine;

namespace Armada.Tests.Cluster.Conformance;

/// <summary>The grains of a cluster of two silos keep the port's contract, whichever silo is asked.</summary>
public sealed class OrleansEngineTests(TwoSilos cluster) : RobotEngineConformance, IClassFixture<TwoSilos>
{
    protected override async Task<IEngineUnderTest> StartAsync(HeardByDevices devices)
    {
        await cluster.BeginAsync(Logs, devices);
        return new ClusterRig(cluster, Logs);
    }
}
