using System.Collections.Immutable;
using Armada.Core.Devices;

namespace Armada.Grains.Identities;

/// <summary>A device that is registered with the own authority.</summary>
/// <param name="Role">Of a board only.</param>
/// <param name="Certificates">The valid ones, oldest first. No other certificate admits anybody.</param>
[GenerateSerializer, Immutable, Alias("armada.identity.device")]
public sealed record RegisteredDevice(
    [property: Id(0)] string Name,
    [property: Id(1)] DeviceKind Kind,
    [property: Id(2)] BoardRole? Role,
    [property: Id(3)] string? Site,
    [property: Id(4)] DateTimeOffset CreatedAt,
    [property: Id(5)] ImmutableArray<RegisteredCertificate> Certificates)
{
    internal RegisteredCertificate? Newest => Certificates.IsEmpty ? null : Certificates[^1];

    internal bool Is(NewDevice wanted) => Kind == wanted.Kind && Role == wanted.Role && Site == wanted.Site;

    internal RegisteredCertificate? Find(string fingerprint) => Certificates.FirstOrDefault(its => its.Fingerprint == fingerprint);

    internal RegisteredCertificate? FindFor(string key) => Certificates.FirstOrDefault(its => its.Key == key);

    /// <summary>As every process knows it.</summary>
    internal RegisteredDevice WithoutPem() => this with { Certificates = [.. Certificates.Select(its => its with { Pem = "" })] };
}

/// <param name="Authority">Id of the authority that signed it.</param>
/// <param name="Serial">Lower-case hexadecimal.</param>
/// <param name="Fingerprint">SHA-256, lower-case hexadecimal.</param>
/// <param name="Key">SHA-256 of its public key, lower-case hexadecimal.</param>
/// <param name="IsCollected">Whether the device has its key.</param>
/// <param name="Pem">Empty in the copies that processes have.</param>
[GenerateSerializer, Immutable, Alias("armada.identity.certificate")]
public sealed record RegisteredCertificate(
    [property: Id(0)] string Authority,
    [property: Id(1)] string Serial,
    [property: Id(2)] string Fingerprint,
    [property: Id(3)] DateTimeOffset NotBefore,
    [property: Id(4)] DateTimeOffset NotAfter,
    [property: Id(5)] string Key,
    [property: Id(6)] bool IsCollected,
    [property: Id(7)] string Pem);

/// <summary>A certificate that was taken back, for the list of its authority.</summary>
/// <param name="Reason">A code of RFC 5280, 5.3.1.</param>
/// <param name="NotAfter">When it would have expired, and leaves the list.</param>
[GenerateSerializer, Immutable, Alias("armada.identity.revoked")]
public sealed record RevokedCertificate(
    [property: Id(0)] string Authority,
    [property: Id(1)] string Serial,
    [property: Id(2)] int Reason,
    [property: Id(3)] DateTimeOffset At,
    [property: Id(4)] DateTimeOffset NotAfter);
