using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Armada.EdgeAgent.Identities;

/// <summary>A device's certificate and key in two PEM files. Both are replaced in an order that a power cut at any step leaves the old
/// pair or the new one, once <see cref="Recover"/> was called: the new ones are written beside the old, then the key moves, then the
/// certificate.</summary>
/// <param name="keyFile">The private key, not encrypted.</param>
internal sealed class CredentialFiles(string certificateFile, string keyFile)
{
    private const int Longest = 64 * 1024; // Bytes; either file has a few hundred.

    private readonly string newKeyFile = keyFile + DurableFile.NewEnding;
    private readonly string newCertificateFile = certificateFile + DurableFile.NewEnding;

    /// <summary>The certificate in its place; null where there is none, or none that can be read.</summary>
    public X509Certificate2? Certificate() => ReadCertificate(certificateFile);

    /// <summary>The key in its place; null where there is none on P-256.</summary>
    public DeviceKey? Key() => DeviceKey.TryRead(Read(keyFile));

    public DeviceKey? PendingKey() => DeviceKey.TryRead(Read(newKeyFile));

    /// <summary>Keeps a key, durably, until its certificate comes.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is another user's.</exception>
    public void StorePendingKey(DeviceKey key) => DurableFile.Complete(PendingKeySteps(key));

    /// <summary>Stores a certificate for the waiting key or for the one in its place, which then are the pair.</summary>
    /// <exception cref="IOException">The disk refused; the pair is the old one, or will be the new one after <see cref="Recover"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is another user's.</exception>
    public void Store(string certificate) => DurableFile.Complete(StoreSteps(certificate));

    /// <summary>Completes what was cut off, or removes it. A whole key that waits for its certificate goes on waiting.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is another user's.</exception>
    public void Recover()
    {
        if (File.Exists(newCertificateFile))
        {
            var wasFor = KeyOfNewCertificate();
            DurableFile.Complete(PlaceSteps(wasFor));
            if (wasFor is null)
                DurableFile.Delete(newCertificateFile);
        }

        if (File.Exists(newKeyFile) && !IsWhole(newKeyFile))
            DurableFile.Delete(newKeyFile);
    }

    internal IEnumerable<string> PendingKeySteps(DeviceKey key) => DurableFile.NewSteps(keyFile, Encoding.ASCII.GetBytes(key.Pem()));

    internal IEnumerable<string> StoreSteps(string certificate)
    {
        foreach (var step in DurableFile.NewSteps(certificateFile, Encoding.ASCII.GetBytes(certificate)))
            yield return step;
        var keyOfIt = KeyOfNewCertificate() ?? throw new InvalidOperationException("the certificate is for no key of this device");
        foreach (var step in PlaceSteps(keyOfIt))
            yield return step;
    }

    private IEnumerable<string> PlaceSteps(string? keyOfNewCertificate)
    {
        if (keyOfNewCertificate == newKeyFile)
        {
            foreach (var step in DurableFile.PlaceSteps(keyFile))
                yield return step;
        }

        if (keyOfNewCertificate is null)
            yield break;
        foreach (var step in DurableFile.PlaceSteps(certificateFile))
            yield return step;
    }

    private string? KeyOfNewCertificate()
    {
        using var certificate = ReadCertificate(newCertificateFile);
        return certificate is null ? null : new[] { newKeyFile, keyFile }.FirstOrDefault(file => Belong(newCertificateFile, file));
    }

    private static bool IsWhole(string keyFile)
    {
        using var key = DeviceKey.TryRead(Read(keyFile));
        return key is not null;
    }

    // Of whatever kind the key is: an agent's first one may come from somebody else.
    private static bool Belong(string certificateFile, string keyFile)
    {
        if (Read(certificateFile) is not { } certificate || Read(keyFile) is not { } key)
            return false;
        try
        {
            X509Certificate2.CreateFromPem(certificate, key).Dispose();
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private static X509Certificate2? ReadCertificate(string file)
    {
        try
        {
            return Read(file) is { } text ? X509Certificate2.CreateFromPem(text) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string? Read(string file)
    {
        var info = new FileInfo(file);
        return info.Exists && info.Length <= Longest ? File.ReadAllText(file) : null;
    }
}

/// <summary>A device's private key, on P-256, and the request for a certificate on it. It does not show itself.</summary>
internal sealed class DeviceKey : IDisposable
{
    private const string Curve = "1.2.840.10045.3.1.7";

    private readonly ECDsa key;

    private DeviceKey(ECDsa key) => this.key = key;

    public static DeviceKey Make() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads one; null where the text is none, is encrypted or is on another curve.</summary>
    public static DeviceKey? TryRead(string? pem)
    {
        if (pem is null)
            return null;
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (key.ExportParameters(includePrivateParameters: true).Curve.Oid.Value == Curve)
                return new DeviceKey(key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // Half a file, or another kind of key.
            key.Dispose();
            return null;
        }

        key.Dispose();
        return null;
    }

    /// <summary>The key, PKCS #8 PEM. A method, so that no serializer takes it along.</summary>
    public string Pem() => key.ExportPkcs8PrivateKeyPem() + "\n";

    public string Request(string name)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        return new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256).CreateSigningRequestPem() + "\n";
    }

    public string Public() => Convert.ToHexString(key.ExportSubjectPublicKeyInfo());

    public bool IsOf(X509Certificate2 certificate) => Convert.ToHexString(certificate.PublicKey.ExportSubjectPublicKeyInfo()) == Public();

    public void Dispose() => key.Dispose();

    public override string ToString() => nameof(DeviceKey);
}
