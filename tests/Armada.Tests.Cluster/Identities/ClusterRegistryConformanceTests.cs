using Armada.Testing.Registry;
using Armada.Tests.Cluster.Documents;

namespace Armada.Tests.Cluster.Identities;

/// <summary>The own registry in a cluster: what is made at one silo is found, changed and taken back at the other.</summary>
public sealed class ClusterRegistryConformanceTests(SharedServers servers) : RegistryConformance, IClassFixture<SharedServers>
{
    protected override async Task<IRegistryUnderTest> StartAsync() => await RegistryOfTwoSilos.StartAsync(servers, Logs);
}
