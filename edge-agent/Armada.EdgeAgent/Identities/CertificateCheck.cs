using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Armada.Mqtt;

namespace Armada.EdgeAgent.Identities;

internal static class CertificateCheck
{
    private const string CommonName = "2.5.4.3";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    /// <summary>SHA-256 of a certificate, 64 lower-case hexadecimal digits.</summary>
    public static string Fingerprint(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();

    /// <summary>Reads the certificates of an authority; none where the text holds none.</summary>
    public static X509Certificate2Collection Authorities(string pem)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            all.Clear();
        }

        return all;
    }

    /// <summary>Takes a certificate that is for this name and this key, valid now, and signed by the authority.</summary>
    /// <param name="keys">Keys of which one must be its.</param>
    /// <param name="authorities">Who may have signed it; null where a stranger does, who puts no name in: then key and time alone count.</param>
    /// <param name="refusal">Why it is not, in words that begin with "the certificate".</param>
    public static bool TryTake(
        string pem,
        string name,
        IEnumerable<DeviceKey> keys,
        X509Certificate2Collection? authorities,
        DateTimeOffset now,
        [NotNullWhen(true)] out X509Certificate2? certificate,
        [NotNullWhen(false)] out string? refusal)
    {
        certificate = Read(pem);
        if (certificate is null)
        {
            refusal = "the certificate is not in PEM format";
            return false;
        }

        refusal = Refusal(certificate, name, keys, authorities, now);
        if (refusal is null)
            return true;
        certificate.Dispose();
        certificate = null;
        return false;
    }

    private static string? Refusal(
        X509Certificate2 certificate, string name, IEnumerable<DeviceKey> keys, X509Certificate2Collection? authorities, DateTimeOffset now)
    {
        if (authorities is not null && NameOf(certificate) is var other && other != name)
            return $"the certificate is for '{other}', not for '{name}'";
        if (!keys.Any(key => key.IsOf(certificate)))
            return "the certificate is for another key than this device's";
        if (CertificateClock.FindProblem(certificate, now) is { } clock)
            return $"the certificate is not valid now: {clock}";
        return authorities is null ? null : Untrusted(certificate, authorities, now) is { } why ? $"the certificate does not come from the authority: {why}" : null;
    }

    private static X509Certificate2? Read(string pem)
    {
        try
        {
            return X509Certificate2.CreateFromPem(pem);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string? NameOf(X509Certificate2 certificate)
    {
        var names = certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)
            .Select(part => part.GetSingleElementValue());
        return names.Take(2).ToArray() is [var only] ? only : null;
    }

    private static string? Untrusted(X509Certificate2 certificate, X509Certificate2Collection authorities, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        // The broker asks who is revoked; an agent has no list to ask.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ForClients));
        if (chain.Build(certificate))
            return null;
        return chain.ChainStatus is [var first, ..] ? $"{first.Status} ({first.StatusInformation.Trim().TrimEnd('.')})" : "it cannot be checked";
    }
}
