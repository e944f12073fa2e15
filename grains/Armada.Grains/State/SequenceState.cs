using Armada.Core.Motions;

namespace Armada.Grains.State;

/// <summary>What a sequence's grain stores.</summary>
[GenerateSerializer, Alias("armada.state.sequence")]
public sealed class SequenceState
{
    /// <summary>The sequence, or null where there is none.</summary>
    [Id(0)]
    public Sequence? Sequence { get; set; }

    /// <summary>Raised at every change; the first is 1.</summary>
    [Id(1)]
    public long Version { get; set; }
}
