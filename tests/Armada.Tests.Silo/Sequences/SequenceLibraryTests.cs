using Armada.Core.Motions;
using Armada.Silo.Sequences;
using Armada.Silo.Store;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Testing.Sequences;

namespace Armada.Tests.Silo.Sequences;

/// <summary>The sequences of a silo's own folder keep the port's contract.</summary>
public sealed class SequenceLibraryTests : SequencesConformance
{
    protected override async Task<ISequencesUnderTest> StartAsync()
    {
        var rig = new Files(Logs);
        await rig.RestartAsync();
        return rig;
    }

    private sealed class Files(FailOnLoggedErrors logs) : ISequencesUnderTest
    {
        private readonly TempFolder folder = new();
        private DataFolder? data;
        private SequenceLibrary? library;

        public IReadOnlyList<ISequences> Doors => [library!];

        public Task RestartAsync()
        {
            End();
            data = new DataFolder(folder.Path);
            library = new SequenceLibrary(data, logs.For<SequenceLibrary>());
            return library.StartAsync(CancellationToken.None);
        }

        public ValueTask DisposeAsync()
        {
            End();
            folder.Dispose();
            return ValueTask.CompletedTask;
        }

        private void End()
        {
            library?.Dispose();
            data?.Dispose();
        }
    }
}
