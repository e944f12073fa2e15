using System.Collections.Immutable;

namespace Armada.Grains.Identities;

/// <summary>An authority that silos were given.</summary>
/// <param name="Id">SHA-256 of its certificate, lower-case hexadecimal.</param>
/// <param name="Pem">Its certificate.</param>
/// <param name="IsRetired">Whether its certificates admit nobody any more; that is final.</param>
[GenerateSerializer, Immutable, Alias("armada.identity.authority")]
public sealed record KnownAuthority(
    [property: Id(0)] string Id, [property: Id(1)] string Name, [property: Id(2)] string Pem, [property: Id(3)] bool IsRetired = false);

public enum AuthorityRefusal : byte
{
    /// <summary>There is no such authority, or it is retired.</summary>
    Unknown,

    /// <summary>It is the only one, or no silo would issue certificates without it.</summary>
    Last,

    /// <summary>None of those that were given is one of the cluster's.</summary>
    Foreign,
}

/// <param name="Failure">Why a change could not be stored, or null.</param>
/// <param name="All">Every authority after the call, oldest first, with the retired ones.</param>
[GenerateSerializer, Immutable, Alias("armada.identity.authority-reply")]
public sealed record AuthorityReply(
    [property: Id(0)] AuthorityRefusal? Refused, [property: Id(1)] string? Failure, [property: Id(2)] ImmutableArray<KnownAuthority> All);
