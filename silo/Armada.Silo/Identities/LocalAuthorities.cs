using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Grains.Identities;
using Armada.Silo.Options;

namespace Armada.Silo.Identities;

/// <summary>The authorities whose keys this silo was given, oldest first.</summary>
internal sealed class LocalAuthorities(ImmutableArray<CertificateAuthority> all, CertificateLifetimes lifetimes) : IDeviceAuthority, IDisposable
{
    /// <summary>How long a list of revoked certificates is valid.</summary>
    public static readonly TimeSpan ListValidity = TimeSpan.FromDays(30);

    public ImmutableArray<CertificateAuthority> All => all;

    /// <summary>Whether they are this machine's own, and nobody was to be given the same.</summary>
    public bool AreOwn { get; private init; }

    /// <summary>Loads those that the silo was given; without any, the one in the data folder, which is made at the first start.</summary>
    /// <exception cref="SiloOptionsException">One is missing or damaged, or cannot be made.</exception>
    public static LocalAuthorities Open(SiloOptions options, CertificateLifetimes lifetimes, TimeProvider time, ILogger<CertificateAuthority> logger)
    {
        var isOwn = options.Authorities.Count == 0;
        IEnumerable<string> folders = isOwn ? [Path.Combine(options.DataDirectory, "authority")] : options.Authorities;
        return new LocalAuthorities([.. folders.Select(folder => CertificateAuthority.Open(new AuthorityFolder(folder), isOwn, time, logger))], lifetimes) { AreOwn = isOwn };
    }

    public (string? Key, RegistryRefusal? Refused) ReadKey(string request) =>
        KeyRequest.TryRead(Encoding.UTF8.GetBytes(request), out var key, out var refused) ? (HashOf(key), null) : (null, refused);

    public (RegisteredCertificate? Issued, RegistryRefusal? Refused) Issue(string device, BoardRole? role, string request, ImmutableArray<string> trusted)
    {
        if (all.LastOrDefault(its => trusted.Contains(its.Id)) is not { } authority)
            return default;
        var answer = authority.Issue(device, Encoding.UTF8.GetBytes(request), lifetimes.For(role));
        if (answer.Issued is not { } its)
            return (null, answer.Refused);
        using var certificate = X509Certificate2.CreateFromPem(its.Pem);
        return (new RegisteredCertificate(authority.Id, its.Serial, its.Sha256, its.NotBefore, its.NotAfter, HashOf(certificate.PublicKey), IsCollected: false, its.Pem), null);
    }

    public string? SignList(string authority, IEnumerable<RevokedCertificate> revoked) =>
        all.FirstOrDefault(its => its.Id == authority) is { } its ? PemEncoding.WriteString("X509 CRL", its.SignList(revoked, ListValidity)) + "\n" : null;

    public void Dispose()
    {
        foreach (var authority in all)
            authority.Dispose();
    }

    /// <summary>SHA-256, lower-case hexadecimal.</summary>
    public static string HashOf(PublicKey key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
}
