using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization;
using Armada.Core.Topics;

namespace Armada.Silo.Identities.Registry;

/// <summary>A device's file, without keys.</summary>
/// <param name="Kind">Such as so101-leader.</param>
/// <param name="Role">Of a board only.</param>
/// <param name="Leaving">Whether it is being deleted, which the next start completes.</param>
/// <param name="Certificates">The valid ones, oldest first.</param>
internal sealed record StoredDevice(
    int Format,
    string Name,
    string Kind,
    BoardRole? Role,
    string? Site,
    DateTimeOffset CreatedAt,
    bool Leaving,
    ImmutableArray<StoredCertificate> Certificates)
{
    private const int Current = 1;

    [JsonIgnore]
    public bool IsBoard => Role is not null;

    [JsonIgnore]
    public StoredCertificate? Newest => Certificates.IsEmpty ? null : Certificates[^1];

    public static StoredDevice Of(NewDevice device, DateTimeOffset at, StoredCertificate first) => new(
        Current, device.Name, DeviceKinds.NameOf(device.Kind), device.Role, device.Site, at, Leaving: false, [first]);

    /// <param name="name">The file's name without extension.</param>
    public string? FindProblem(string name)
    {
        if (Format != Current)
            return $"its format is {Format}, this silo reads {Current}";
        if (!DeviceName.IsValid(Name) || Name != name)
            return $"it holds device '{Name}'";
        if (!DeviceKinds.TryParse(Kind, out var kind) || (Role is null) != (kind != DeviceKind.MicroPythonArm))
            return $"its kind '{Kind}' and its role do not fit";
        if (Certificates.IsDefault || Certificates.Any(certificate => certificate is null))
            return "its certificates are missing";
        return Certificates.Select(certificate => certificate.FindProblem()).FirstOrDefault(fault => fault is not null);
    }

    public DeviceIdentity ToIdentity() => new(
        Name, DeviceKinds.Parse(Kind), Role, Site, CreatedAt, [.. Certificates.Select(certificate => certificate.ToCertificate())]);

    public StoredDevice Without(StoredCertificate certificate) => this with { Certificates = Certificates.Remove(certificate) };
}

/// <param name="Serial">Lower-case hexadecimal; identifies it in the list of revoked certificates.</param>
/// <param name="Fingerprint">SHA-256, lower-case hexadecimal.</param>
/// <param name="Collected">Whether the device has its key.</param>
internal sealed record StoredCertificate(
    string Serial, string Fingerprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter, bool Collected, string Pem)
{
    public static StoredCertificate Of(IssuedIdentity issued) => new(
        issued.Certificate.Serial,
        issued.Certificate.Sha256,
        issued.Certificate.NotBefore,
        issued.Certificate.NotAfter,
        issued.Key is null,
        issued.Certificate.Pem);

    public string? FindProblem() =>
        DeviceCertificate.IsFingerprint(Fingerprint) && new Revocation(Serial, X509RevocationReason.Unspecified, NotBefore).FindProblem() is null
            ? null
            : $"'{Fingerprint}' is not a fingerprint, or '{Serial}' is not a serial number";

    public DeviceCertificate ToCertificate() => new(Fingerprint, NotBefore, NotAfter, Collected);

    public bool IsFor(PublicKey key)
    {
        using var certificate = X509Certificate2.CreateFromPem(Pem);
        return certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());
    }

    public IssuedCredentials ToCredentials() => new(Fingerprint, Pem, null);
}
