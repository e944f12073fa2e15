using System.Collections.Immutable;

namespace Armada.Grains.State;

/// <summary>What the fleet's grain stores.</summary>
[GenerateSerializer, Alias("armada.state.fleet")]
public sealed class FleetState
{
    /// <summary>The ids of all robots, in the order of their characters.</summary>
    [Id(0)]
    public ImmutableSortedSet<string> Robots { get; set; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Whether the fleet's stop is latched.</summary>
    [Id(1)]
    public bool Stopped { get; set; }

    /// <summary>Raised each time the stop is latched or released.</summary>
    [Id(2)]
    public long Version { get; set; }
}
