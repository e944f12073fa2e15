using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Armada.Silo.Identities;
using Armada.Silo.Options;

namespace Armada.Silo.Access;

/// <summary>
/// The certificate of the https addresses, read again when its files change: their content is compared at a handshake, at most once a
/// second, which finds files that were written, renamed over or swapped behind a symbolic link alike. Any thread.
/// </summary>
internal sealed partial class HttpsCertificate
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    private readonly TlsFiles files;
    private readonly TimeProvider time;
    private readonly ILogger<HttpsCertificate> logger;
    private readonly SslCertificateTrust? devices;
    private long checkedAt;
    private string seen;
    private volatile SslStreamCertificateContext current;

    /// <param name="authorities">Of the devices that connect to /mqtt; the handshake names them, so that browsers offer no other certificate.</param>
    /// <exception cref="SiloOptionsException">They cannot be used.</exception>
    public HttpsCertificate(TlsFiles files, TimeProvider time, ILogger<HttpsCertificate> logger, LocalAuthorities? authorities = null)
    {
        if (authorities is not null && !OperatingSystem.IsWindows())
            devices = SslCertificateTrust.CreateForX509Collection([.. authorities.All.Select(its => X509Certificate2.CreateFromPem(its.Certificate.Pem))], sendTrustInHandshake: true);
        (this.files, this.time, this.logger, checkedAt) = (files, time, logger, time.GetTimestamp());
        try
        {
            var (certificate, key) = ReadFiles();
            (seen, current) = (certificate + key, Load(certificate, key));
        }
        catch (Exception refused) when (IsUnusable(refused))
        {
            throw new SiloOptionsException($"--tls-cert '{files.CertificateFile}' and --tls-key '{files.KeyFile}' cannot be used: {refused.Message}", refused);
        }
    }

    /// <summary>The certificate and its chain as they are now; the last ones that could be used where the files cannot.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            var last = Volatile.Read(ref checkedAt);
            if (time.GetElapsedTime(last) >= CheckInterval && Interlocked.CompareExchange(ref checkedAt, time.GetTimestamp(), last) == last)
                Check();
            return current;
        }
    }

    private void Check()
    {
        var before = seen;
        try
        {
            seen = ""; // Of files that cannot be read.
            var (certificate, key) = ReadFiles();
            seen = certificate + key;
            if (seen == before)
                return;
            current = Load(certificate, key);
            LogRenewed(files.CertificateFile, current.TargetCertificate.NotAfter.ToUniversalTime());
        }
        catch (Exception refused) when (IsUnusable(refused))
        {
            if (seen != before)
                LogKept(files.CertificateFile, files.KeyFile, refused.Message);
        }
    }

    private (string Certificate, string Key) ReadFiles() => (File.ReadAllText(files.CertificateFile), File.ReadAllText(files.KeyFile));

    private SslStreamCertificateContext Load(string certificate, string key)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(certificate, key), chain, offline: true, devices);
    }

    private static bool IsUnusable(Exception refused) => refused is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException;

    [LoggerMessage(1510, LogLevel.Information, "The https certificate {File} was renewed; it is valid until {Expires:u}")]
    private partial void LogRenewed(string file, DateTime expires);

    [LoggerMessage(1511, LogLevel.Error, "{Certificate} and {Key} changed and cannot be used; the former https certificate stays: {Reason}")]
    private partial void LogKept(string certificate, string key, string reason);
}
