using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Mqtt;

/// <summary>Makes a connection secret, and both ends known to each other.</summary>
internal static class TlsHandshake
{
    /// <summary>Shakes hands; the files are read each time, so that a renewed certificate is used at the next connection.</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">One end does not trust the other.</exception>
    /// <exception cref="CryptographicException">A file has become unreadable since the start, or the two do not belong together.</exception>
    public static async Task<SslStream> OverAsync(Stream plain, string host, LinkTls tls, CancellationToken cancellation)
    {
        var authorities = new X509Certificate2Collection();
        X509Certificate2? own = null;
        var secret = new SslStream(plain);
        try
        {
            authorities.ImportFromPemFile(tls.CaFile);
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.AddRange(authorities);
            own = OwnCertificate(tls);
            await secret.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    CertificateChainPolicy = policy,
                    ClientCertificateContext = own is null ? null : ContextOf(own, tls.CertificateFile!),
                },
                cancellation);
            return secret;
        }
        catch
        {
            await secret.DisposeAsync();
            throw;
        }
        finally
        {
            foreach (var authority in authorities) authority.Dispose();
            own?.Dispose();
        }
    }

    private static X509Certificate2? OwnCertificate(LinkTls tls)
    {
        if (tls is not { CertificateFile: { } certificateFile, KeyFile: { } keyFile }) return null;
        var certificate = Pair(certificateFile, keyFile);
        if (!OperatingSystem.IsWindows()) return certificate;

        // Windows' own TLS takes no key that was never in a key store.
        using (certificate) return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    private static X509Certificate2 Pair(string certificateFile, string keyFile)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        }
        catch (ArgumentException)
        {
            // As between the two steps in which somebody replaces them.
            throw new CryptographicException($"'{certificateFile}' and '{keyFile}' do not belong together");
        }
    }

    private static SslStreamCertificateContext ContextOf(X509Certificate2 own, string certificateFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);
        return SslStreamCertificateContext.Create(own, chain, offline: true);
    }
}
