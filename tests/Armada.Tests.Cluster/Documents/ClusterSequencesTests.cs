using Armada.Core.Motions;
using Armada.Testing.Sequences;

namespace Armada.Tests.Cluster.Documents;

/// <summary>The sequences of a cluster of two silos keep the port's contract, whichever silo is asked.</summary>
public sealed class ClusterSequencesTests(SharedServers servers) : SequencesConformance, IClassFixture<SharedServers>
{
    protected override async Task<ISequencesUnderTest> StartAsync()
    {
        var rig = new Grains(new TwoSilos(servers, Logs));
        await rig.StartAsync();
        return rig;
    }

    private sealed class Grains(TwoSilos silos) : ISequencesUnderTest
    {
        public IReadOnlyList<ISequences> Doors => [.. silos.Silos.Select(silo => silo.Of<ISequences>())];

        public Task StartAsync() => silos.StartAsync();

        public Task RestartAsync() => silos.RestartAsync();

        public ValueTask DisposeAsync() => silos.DisposeAsync();
    }
}
