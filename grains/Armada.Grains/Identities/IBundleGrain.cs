using System.Collections.Immutable;

namespace Armada.Grains.Identities;

/// <summary>The bundle of a device that waits to be collected; its key is the device's name. It is handed out once.</summary>
[GrainInterfaceType("armada.bundle"), Alias("armada.bundle")]
public interface IBundleGrain : IGrainWithStringKey
{
    /// <summary>Keeps a bundle in the place of the last one; gives null, or why it could not be stored.</summary>
    /// <param name="secret">Opens it; kept in memory alone, so that a repeated call finds the same link.</param>
    [Alias("offer")]
    Task<string?> OfferAsync([Immutable] WaitingBundle bundle, string secret);

    /// <summary>The secret of the bundle of a certificate and the end of its time; null where none waits or its secret is forgotten.</summary>
    [Alias("find")]
    Task<BundleSecret?> FindAsync(string fingerprint);

    /// <summary>Hands the bundle out to whoever knows the hash of its secret.</summary>
    [Alias("take")]
    Task<BundleReply> TakeAsync(ImmutableArray<byte> secretHash);

    /// <summary>Forgets the bundle of a certificate, or (null) of any.</summary>
    [Alias("drop")]
    Task DropAsync(string? fingerprint);
}

/// <summary>A bundle, which nobody can read without its secret.</summary>
/// <param name="SecretHash">SHA-256 of the secret.</param>
/// <param name="Sealed">The archive, encrypted.</param>
[GenerateSerializer, Immutable, Alias("armada.bundle.waiting")]
public sealed record WaitingBundle(
    [property: Id(0)] string Fingerprint,
    [property: Id(1)] string FileName,
    [property: Id(2)] DateTimeOffset ExpiresAt,
    [property: Id(3)] ImmutableArray<byte> SecretHash,
    [property: Id(4)] ImmutableArray<byte> Sealed)
{
    public override string ToString() => $"{nameof(WaitingBundle)} {FileName}"; // Without the content.
}

[GenerateSerializer, Immutable, Alias("armada.bundle.secret")]
public sealed record BundleSecret([property: Id(0)] string Secret, [property: Id(1)] DateTimeOffset ExpiresAt)
{
    public override string ToString() => nameof(BundleSecret); // Without the secret.
}

/// <param name="Bundle">Null where none waits for this secret, or it could not be handed out.</param>
/// <param name="Failure">Why it could not be, although it waits; or null.</param>
[GenerateSerializer, Immutable, Alias("armada.bundle.reply")]
public sealed record BundleReply([property: Id(0)] WaitingBundle? Bundle, [property: Id(1)] string? Failure = null);
