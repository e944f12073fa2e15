using Armada.Core.Motions;
using Armada.Testing.Sequences;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Sequences;

/// <summary>The sequences of a silo with embedded storage keep the port's contract.</summary>
public sealed class StoredSequenceTests(Broker broker) : SequencesConformance, IClassFixture<Broker>
{
    protected override async Task<ISequencesUnderTest> StartAsync() => new OneSilo(await RunningSilo.StartAsync(broker));

    private sealed class OneSilo(RunningSilo silo) : ISequencesUnderTest
    {
        public IReadOnlyList<ISequences> Doors => [silo.Service<ISequences>()];

        public async Task RestartAsync()
        {
            await silo.StopAsync();
            await silo.StartAsync();
        }

        public ValueTask DisposeAsync() => silo.DisposeAsync();
    }
}
