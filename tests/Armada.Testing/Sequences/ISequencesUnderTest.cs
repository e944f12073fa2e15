using Armada.Core.Motions;

namespace Armada.Testing.Sequences;

/// <summary>Running sequences, as their conformance suite needs them.</summary>
public interface ISequencesUnderTest : IAsyncDisposable
{
    /// <summary>The ways to the same sequences: of a cluster one for each silo, otherwise one. New ones after a restart.</summary>
    IReadOnlyList<ISequences> Doors { get; }

    /// <summary>Ends everything and begins again on the same storage.</summary>
    Task RestartAsync();
}
