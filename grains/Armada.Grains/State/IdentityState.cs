using System.Collections.Immutable;
using Armada.Grains.Identities;

namespace Armada.Grains.State;

/// <summary>What the registry stores of those devices that share a record.</summary>
[GenerateSerializer, Alias("armada.state.identities")]
public sealed class IdentityState
{
    [Id(0)]
    public ImmutableArray<RegisteredDevice> Devices { get; set; } = [];

    /// <summary>Those that have not expired.</summary>
    [Id(1)]
    public ImmutableArray<RevokedCertificate> Revoked { get; set; } = [];
}

/// <summary>The authorities that the registry stores.</summary>
[GenerateSerializer, Alias("armada.state.authorities")]
public sealed class AuthoritiesState
{
    /// <summary>Oldest first, with the retired ones.</summary>
    [Id(0)]
    public ImmutableArray<KnownAuthority> All { get; set; } = [];
}
