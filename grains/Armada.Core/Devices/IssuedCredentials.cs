namespace Armada.Core.Devices;

/// <summary>A certificate on its way to its device, with the key where the registry made it. It does not show the key.</summary>
/// <param name="fingerprint">SHA-256 of the certificate, 64 lower-case hexadecimal digits.</param>
/// <param name="certificate">The certificate, PEM.</param>
/// <param name="privateKey">The private key, PEM; null where the device made it and keeps it.</param>
public sealed class IssuedCredentials(string fingerprint, string certificate, string? privateKey)
{
    /// <summary>SHA-256 of the certificate, 64 lower-case hexadecimal digits.</summary>
    public string Fingerprint { get; } = fingerprint;

    /// <summary>The certificate, PEM.</summary>
    public string Certificate { get; } = certificate;

    /// <summary>Whether the key is here.</summary>
    public bool HasKey => privateKey is not null;

    /// <summary>The private key, PEM; null where the device keeps it. A method, so that no serializer takes it along.</summary>
    public string? PrivateKey() => privateKey;

    public override string ToString() => $"credentials {Fingerprint}";
}
