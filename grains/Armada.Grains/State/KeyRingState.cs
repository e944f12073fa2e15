using System.Collections.Immutable;
using Armada.Core.Access;

namespace Armada.Grains.State;

/// <summary>What the key ring's grain stores.</summary>
[GenerateSerializer, Alias("armada.state.key-ring")]
public sealed class KeyRingState
{
    /// <summary>Raised at every change.</summary>
    [Id(0)]
    public long Version { get; set; }

    /// <summary>The documents.</summary>
    [Id(1)]
    public ImmutableArray<KeyDocument> Keys { get; set; } = [];

    /// <summary>Ids of removed keys, the oldest first.</summary>
    [Id(2)]
    public ImmutableArray<string> Forgotten { get; set; } = [];
}
