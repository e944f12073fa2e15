using Armada.Grains.Identities;

namespace Armada.Grains.State;

/// <summary>What a bundle's grain stores.</summary>
[GenerateSerializer, Alias("armada.state.bundle")]
public sealed class BundleState
{
    [Id(0)]
    public WaitingBundle? Bundle { get; set; }
}
