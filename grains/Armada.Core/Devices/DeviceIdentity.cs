using System.Collections.Immutable;

namespace Armada.Core.Devices;

/// <summary>A device that has an identity.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Role">What its arm does, of a MicroPython board; otherwise null.</param>
/// <param name="Site">Where it stands, or null.</param>
/// <param name="CreatedAt">When it got its identity.</param>
/// <param name="Certificates">Its certificates that are good, oldest first: one, or two while it changes from one to the other.</param>
public sealed record DeviceIdentity(
    string Name, DeviceKind Kind, BoardRole? Role, string? Site, DateTimeOffset CreatedAt, ImmutableArray<DeviceCertificate> Certificates)
{
    /// <summary>The certificate issued last; null where all were taken back.</summary>
    public DeviceCertificate? Newest => Certificates.IsEmpty ? null : Certificates[^1];

    /// <summary>Whether it is what somebody asks for, key and certificate aside.</summary>
    public bool Is(NewDevice wanted) => Name == wanted.Name && Kind == wanted.Kind && Role == wanted.Role && Site == wanted.Site;
}

/// <summary>A device's certificate.</summary>
/// <param name="Fingerprint">SHA-256 of the certificate, 64 lower-case hexadecimal digits; by it the certificate is known.</param>
/// <param name="NotBefore">From when on it is good.</param>
/// <param name="NotAfter">Until when it is good.</param>
/// <param name="IsCollected">
/// Whether its key is with the device: the device made it, or its bundle was handed out. One that is not may be replaced.
/// </param>
public sealed record DeviceCertificate(string Fingerprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter, bool IsCollected)
{
    /// <summary>Whether a text has the form of a fingerprint.</summary>
    public static bool IsFingerprint(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
