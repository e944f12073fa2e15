using System.Collections.Immutable;
using Armada.Grains.Identities;

namespace Armada.Grains.State;

/// <summary>What the enrollment tokens' grain stores.</summary>
[GenerateSerializer, Alias("armada.state.enrollment")]
public sealed class EnrollmentState
{
    [Id(0)]
    public ImmutableArray<EnrollmentToken> Tokens { get; set; } = [];
}
