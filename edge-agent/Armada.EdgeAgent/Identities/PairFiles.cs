using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Armada.EdgeAgent.Identities;

/// <summary>
/// A device's certificate and key in two PEM files. Both are replaced in an order that a power cut at any step leaves the old pair or
/// the new one, once <see cref="Recover"/> was called: the new ones are written beside the old, then the key moves, then the certificate.
/// </summary>
/// <param name="certificateFile">The certificate.</param>
/// <param name="keyFile">The private key, not encrypted.</param>
internal sealed class PairFiles(string certificateFile, string keyFile)
{
    private const int Longest = 64 * 1024; // Bytes; either file has a few hundred.

    private readonly string newKeyFile = keyFile + DurableFile.NewEnding;
    private readonly string newCertificateFile = certificateFile + DurableFile.NewEnding;

    /// <summary>The certificate in its place; null where there is none, or none that can be read.</summary>
    public X509Certificate2? Certificate() => ReadCertificate(certificateFile);

    /// <summary>The key in its place; null where there is none on P-256.</summary>
    public DeviceKey? Key() => DeviceKey.TryRead(Read(keyFile));

    /// <summary>The key that waits for its certificate, or null.</summary>
    public DeviceKey? WaitingKey() => DeviceKey.TryRead(Read(newKeyFile));

    /// <summary>Keeps a key, durably, until its certificate comes.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is another user's.</exception>
    public void KeepWaiting(DeviceKey key)
    {
        foreach (var _ in KeepSteps(key))
        {
        }
    }

    /// <summary>Stores a certificate for the waiting key or for the one in its place, which then are the pair.</summary>
    /// <param name="certificate">PEM, checked.</param>
    /// <exception cref="IOException">The disk refused; the pair is the old one, or will be the new one after <see cref="Recover"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is another user's.</exception>
    public void Store(string certificate)
    {
        foreach (var _ in StoreSteps(certificate))
        {
        }
    }

    /// <summary>Completes what was cut off, or removes it. A whole key that waits for its certificate goes on waiting.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is another user's.</exception>
    public void Recover()
    {
        if (File.Exists(newCertificateFile))
        {
            var wasFor = KeyOfNewCertificate();
            foreach (var _ in PlaceSteps(wasFor))
            {
            }

            if (wasFor is null)
                DurableFile.Delete(newCertificateFile);
        }

        if (File.Exists(newKeyFile) && !IsWhole(newKeyFile))
            DurableFile.Delete(newKeyFile);
    }

    /// <summary>The steps of <see cref="KeepWaiting"/>, by name.</summary>
    internal IEnumerable<string> KeepSteps(DeviceKey key) => DurableFile.NewSteps(keyFile, Encoding.ASCII.GetBytes(key.Pem()));

    /// <summary>The steps of <see cref="Store"/>, by name.</summary>
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
