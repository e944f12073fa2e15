using System.Collections.Immutable;
using Armada.Grains.Identities;

namespace Armada.Grains.State;

/// <summary>What the grain of last-seen times stores.</summary>
[GenerateSerializer, Alias("armada.state.last-seen")]
public sealed class LastSeenState
{
    [Id(0)]
    public ImmutableArray<SeenDevice> Devices { get; set; } = [];
}
