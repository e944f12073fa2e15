using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization;
using Armada.Core.Devices;
using Armada.Core.Topics;

namespace Armada.Silo.Identities.Registry;

/// <summary>A device's file; no key is in it.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
/// <param name="Kind">Word of its kind, such as so101-leader.</param>
/// <param name="Role">What its arm does, of a board; otherwise null.</param>
/// <param name="Site">Where it stands, or null.</param>
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

    /// <summary>The certificate issued last, or null.</summary>
    [JsonIgnore]
    public StoredCertificate? Newest => Certificates.IsEmpty ? null : Certificates[^1];

    public static StoredDevice Of(NewDevice device, DateTimeOffset at, StoredCertificate first) => new(
        Current, device.Name, DeviceKinds.NameOf(device.Kind), device.Role, device.Site, at, Leaving: false, [first]);

    /// <summary>What is wrong with it, given its file's name without ending; or null.</summary>
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

/// <summary>A certificate as it is kept.</summary>
/// <param name="Serial">Its serial number, lower-case hexadecimal; by it the broker knows that it is revoked.</param>
/// <param name="Fingerprint">SHA-256 of it, lower-case hexadecimal.</param>
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

    /// <summary>What is wrong with it; or null.</summary>
    public string? FindProblem() =>
        DeviceCertificate.IsFingerprint(Fingerprint) && new Revocation(Serial, X509RevocationReason.Unspecified, NotBefore).FindProblem() is null
            ? null
            : $"'{Fingerprint}' is no certificate's fingerprint, or '{Serial}' no serial number";

    public DeviceCertificate ToCertificate() => new(Fingerprint, NotBefore, NotAfter, Collected);

    public bool IsFor(PublicKey key)
    {
        using var certificate = X509Certificate2.CreateFromPem(Pem);
        return certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());
    }

    public IssuedCredentials ToCredentials() => new(Fingerprint, Pem, null);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(StoredDevice))]
internal sealed partial class DeviceJson : JsonSerializerContext;
