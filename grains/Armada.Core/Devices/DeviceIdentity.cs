namespace Armada.Core.Devices;

/// <param name="Role">Only of a MicroPython board.</param>
/// <param name="Certificates">The valid ones, oldest first: one, or two while it changes from one to the other.</param>
public sealed record DeviceIdentity(
    string Name, DeviceKind Kind, BoardRole? Role, string? Site, DateTimeOffset CreatedAt, ImmutableArray<DeviceCertificate> Certificates)
{
    /// <summary>Null where all were revoked.</summary>
    public DeviceCertificate? Newest => Certificates.IsEmpty ? null : Certificates[^1];

    /// <summary>Compares all but key and certificate.</summary>
    public bool Is(NewDevice wanted) => Name == wanted.Name && Kind == wanted.Kind && Role == wanted.Role && Site == wanted.Site;
}

/// <param name="Fingerprint">SHA-256 of the certificate, 64 lower-case hexadecimal digits.</param>
/// <param name="IsCollected">Whether its key is with the device, or its bundle was handed out; otherwise it may be replaced.</param>
/// <param name="IsOutdated">Whether a newer authority is there, from which the device is to have a certificate before this one's is retired.</param>
public sealed record DeviceCertificate(string Fingerprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter, bool IsCollected, bool IsOutdated = false)
{
    public static bool IsFingerprint(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}

/// <summary>A device to be given an identity.</summary>
/// <param name="Name">See <see cref="Topics.DeviceName"/>.</param>
/// <param name="Role">Only of a <see cref="DeviceKind.MicroPythonArm"/>.</param>
/// <param name="Site">In characters of a name; or null.</param>
/// <param name="Request">PKCS #10 request for a key that the device keeps, PEM; null where the registry is to make the key.</param>
[GenerateSerializer, Immutable, Alias("armada.registry.new-device")]
public sealed record NewDevice(
    [Id(0)] string Name,
    [Id(1)] DeviceKind Kind,
    [Id(2)] BoardRole? Role = null,
    [Id(3)] string? Site = null,
    [Id(4)] string? Request = null);

/// <summary>A certificate on its way to its device, with the key where the registry made it. It does not show the key.</summary>
/// <param name="fingerprint">SHA-256 of the certificate, 64 lower-case hexadecimal digits.</param>
/// <param name="certificate">PEM.</param>
/// <param name="privateKey">PEM; null where the device made it and keeps it.</param>
public sealed class IssuedCredentials(string fingerprint, string certificate, string? privateKey)
{
    public string Fingerprint { get; } = fingerprint;

    public string Certificate { get; } = certificate;

    /// <summary>A method, so that no serializer takes it along.</summary>
    public string? PrivateKey() => privateKey;

    public override string ToString() => $"credentials {Fingerprint}";
}
