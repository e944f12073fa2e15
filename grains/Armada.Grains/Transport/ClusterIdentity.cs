using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace Armada.Grains.Transport;

/// <summary>
/// What a silo or a gateway shows in its cluster, and what it takes from others: mutual TLS, 1.2 or newer, with the cluster's own
/// authority as the only root.
/// </summary>
/// <remarks>
/// Members are dialed by address, so no name in a certificate is compared: whoever holds a key that the authority signed is a member.
/// What the certificate is good for counts: a member's says that it is good for servers and for clients, which a device's never does. Files
/// are read once.
/// </remarks>
public sealed class ClusterIdentity
{
    private const string Server = "1.3.6.1.5.5.7.3.1";
    private const string Client = "1.3.6.1.5.5.7.3.2";

    // Judged anew against the authority, or of no meaning where no name is expected.
    private const SslPolicyErrors Judged = SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch;

    private readonly X509Certificate2Collection authority;
    private readonly X509Certificate2 own;

    private ClusterIdentity(X509Certificate2Collection authority, X509Certificate2 own) => (this.authority, this.own) = (authority, own);

    /// <summary>Reads three PEM files.</summary>
    /// <param name="ca">The authority; more than one certificate while it is being replaced.</param>
    /// <param name="certificate">The member's own certificate.</param>
    /// <param name="key">Its private key, not encrypted.</param>
    /// <param name="identity">The identity, or null.</param>
    /// <returns>Null, or in one line which file cannot be used and why.</returns>
    public static string? TryLoad(
        NamedFile ca, NamedFile certificate, NamedFile key, out ClusterIdentity? identity)
    {
        identity = null;
        var authority = new X509Certificate2Collection();
        if (Try(ca, text => authority.ImportFromPem(text)) is { } noAuthority)
            return noAuthority;
        if (authority.Count == 0)
            return $"{ca} holds no certificate; give the authority's in PEM";
        if (Try(certificate, text => X509Certificate2.CreateFromPem(text).Dispose()) is { } noCertificate)
            return noCertificate;
        X509Certificate2? own = null;
        if (Try(key, text => own = Pair(File.ReadAllText(certificate.Path), text)) is { } noKey)
            return $"{noKey}; it must be the key of {certificate}, in PEM and not encrypted";
        if (Fault(authority, own!, null) is { } fault)
            return $"{certificate} is refused by the authority in {ca}: {fault}";
        identity = new ClusterIdentity(authority, own!);
        return null;
    }

    /// <summary>For connections to and from members.</summary>
    public TlsOptions Tls() => new()
    {
        LocalCertificate = own,
        RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
        ClientCertificateMode = RemoteCertificateMode.RequireCertificate,
        RemoteCertificateValidation = (certificate, sent, errors) =>
            (errors & ~Judged) == 0 && Fault(authority, certificate, sent?.ChainPolicy.ExtraStore) is null,
    };

    private static string? Fault(
        X509Certificate2Collection authority, X509Certificate2 certificate, X509Certificate2Collection? between)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (between is not null)
            chain.ChainPolicy.ExtraStore.AddRange(between);
        var usages = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(extension => extension.EnhancedKeyUsages.Cast<Oid>()).Select(oid => oid.Value);
        if (new[] { Server, Client }.Except(usages).Any())
            return "it does not say that it is good for servers and clients";
        if (chain.Build(certificate))
            return null;
        return chain.ChainStatus.Length > 0 ? chain.ChainStatus[0].StatusInformation.ReplaceLineEndings(" ").Trim() : "no chain leads to it";
    }

    // By way of PKCS #12, for Windows does not take a key that is only in memory.
    private static X509Certificate2 Pair(string certificate, string key)
    {
        using var pair = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pfx), null);
    }

    private static string? Try(NamedFile file, Action<string> read)
    {
        try
        {
            read(File.ReadAllText(file.Path));
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return $"{file} cannot be used: {fault.Message.ReplaceLineEndings(" ")}";
        }
    }
}
