using System.Collections.Immutable;

namespace Armada.Grains.State;

/// <summary>What the directory of sequences stores.</summary>
[GenerateSerializer, Alias("armada.state.sequence-index")]
public sealed class SequenceIndexState
{
    /// <summary>The ids of all stored sequences, in the order of their characters.</summary>
    [Id(0)]
    public ImmutableArray<string> Ids { get; set; } = [];
}
