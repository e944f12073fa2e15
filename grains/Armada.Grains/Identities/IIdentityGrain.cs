using System.Collections.Immutable;
using Armada.Core.Devices;
using Orleans.Concurrency;

namespace Armada.Grains.Identities;

/// <summary>
/// The registry of the own authority: devices, their certificates, and what was revoked. There is one, under <see cref="Key"/>. Each change
/// is one write, so that nothing is ever half done, and every process that follows knows it before the call ends.
/// </summary>
[GrainInterfaceType("armada.identities"), Alias("armada.identities")]
public interface IIdentityGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "identities";

    /// <summary>Everything that admission needs, or null where the version is the known one. The process is told of changes from now on.</summary>
    [Alias("follow"), AlwaysInterleave]
    Task<IdentitySnapshot?> FollowAsync(IIdentityObserver observer, IdentityVersion known);

    /// <summary>As <see cref="IDeviceRegistry.CreateAsync"/>.</summary>
    /// <param name="device">With a request.</param>
    /// <param name="isOwnKey">Whether the device has the key of the request; otherwise the caller made it.</param>
    [Alias("create")]
    Task<IdentityReply> CreateAsync(NewDevice device, bool isOwnKey);

    /// <summary>As <see cref="IDeviceRegistry.RotateAsync"/>.</summary>
    [Alias("rotate")]
    Task<IdentityReply> RotateAsync(string name, string request, bool isOwnKey);

    /// <summary>As <see cref="IDeviceRegistry.CollectedAsync"/>.</summary>
    [Alias("collected")]
    Task<IdentityReply> CollectedAsync(string name, string fingerprint);

    /// <summary>As <see cref="IDeviceRegistry.SeenAsync"/>.</summary>
    [Alias("seen")]
    Task<IdentityReply> SeenAsync(string name, string fingerprint);

    /// <summary>As <see cref="IDeviceRegistry.RetireAsync"/>.</summary>
    [Alias("retire")]
    Task<IdentityReply> RetireAsync(string name, string fingerprint);

    /// <summary>As <see cref="IDeviceRegistry.DeleteAsync"/>.</summary>
    [Alias("delete")]
    Task<IdentityReply> DeleteAsync(string name);

    /// <summary>Says which authorities a silo was given. The first ever become the cluster's; beside one of the cluster's, another is added.</summary>
    /// <param name="mayReplace">Retire the others where all that are given are unknown, as where the only machine has lost its authority.</param>
    [Alias("introduce")]
    Task<AuthorityReply> IntroduceAsync(ImmutableArray<KnownAuthority> given, bool mayReplace);

    /// <summary>Ends an authority: none of its certificates admits anybody any more.</summary>
    [Alias("retire-authority")]
    Task<AuthorityReply> RetireAuthorityAsync(string authority);

    /// <summary>Signs an authority's list of revoked certificates, PEM; gives null where its key is not at the grain's silo.</summary>
    [Alias("sign-list")]
    Task<string?> SignListAsync(string authority);
}

/// <summary>Counts the changes of one activation; another one begins anew, and its followers read everything again.</summary>
[GenerateSerializer, Immutable, Alias("armada.identity.version")]
public readonly record struct IdentityVersion([property: Id(0)] Guid Activation, [property: Id(1)] long Number);

/// <summary>What of the registry every process knows.</summary>
/// <param name="Authorities">Those that are trusted, oldest first.</param>
[GenerateSerializer, Immutable, Alias("armada.identity.snapshot")]
public sealed record IdentitySnapshot(
    [property: Id(0)] IdentityVersion Version,
    [property: Id(1)] ImmutableArray<RegisteredDevice> Devices,
    [property: Id(2)] ImmutableArray<KnownAuthority> Authorities);

/// <summary>The change that led to a version.</summary>
/// <param name="Name">The device; null where everything is to be read again.</param>
/// <param name="Device">The device now; null where it was deleted.</param>
[GenerateSerializer, Immutable, Alias("armada.identity.change")]
public sealed record IdentityChange(
    [property: Id(0)] IdentityVersion Version, [property: Id(1)] string? Name = null, [property: Id(2)] RegisteredDevice? Device = null);

/// <param name="Failure">Why nothing was changed, or perhaps was: storage failed. Null otherwise.</param>
/// <param name="Device">After the call; of a deleted one, as it was.</param>
/// <param name="Issued">What was issued by this call, or again.</param>
/// <param name="Version">After the call.</param>
[GenerateSerializer, Immutable, Alias("armada.identity.reply")]
public sealed record IdentityReply(
    [property: Id(0)] RegistryRefusal? Refused = null,
    [property: Id(1)] string? Failure = null,
    [property: Id(2)] RegisteredDevice? Device = null,
    [property: Id(3)] RegisteredCertificate? Issued = null,
    [property: Id(4)] bool IsNew = false,
    [property: Id(5)] IdentityVersion Version = default);
