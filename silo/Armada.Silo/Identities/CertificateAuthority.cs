using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Armada.Core.Topics;
using Armada.Grains.Identities;
using Armada.Silo.Options;

namespace Armada.Silo.Identities;

/// <summary>A certificate authority of devices: an ECDSA key on P-256 in a folder. Thread-safe.</summary>
internal sealed partial class CertificateAuthority : IDisposable
{
    public const string SiloName = "armada-silo";
    public const int Years = 20;

    public static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    private const int SerialBytes = 16;

    // An earlier time means a clock that was never set; what it signs would expire at once.
    private static readonly DateTimeOffset Earliest = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock signing = new();
    private readonly TimeProvider time;
    private readonly X509Certificate2 certificate;
    private readonly ECDsa key;
    private readonly X509SignatureGenerator signer;
    private readonly X509AuthorityKeyIdentifierExtension keyIdentifier;

    private CertificateAuthority(AuthorityFolder folder, X509Certificate2 certificate, ECDsa key, TimeProvider time)
    {
        (Folder, this.certificate, this.key, this.time) = (folder, certificate, key, time);
        signer = X509SignatureGenerator.CreateForECDsa(key);
        keyIdentifier = X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(
            certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single());
        Certificate = IssuedCertificate.Of(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), certificate);
    }

    public AuthorityFolder Folder { get; }
    public IssuedCertificate Certificate { get; }

    /// <summary>SHA-256 of its certificate, lower-case hexadecimal.</summary>
    public string Id => Certificate.Sha256;

    /// <summary>Loads the authority of a folder, or, where that may be, creates it.</summary>
    /// <exception cref="SiloOptionsException">It is missing or damaged, or cannot be created.</exception>
    public static CertificateAuthority Open(AuthorityFolder folder, bool mayMake, TimeProvider time, ILogger<CertificateAuthority> logger)
    {
        if (mayMake && !folder.Exists)
            Make(folder, time, logger);
        var (certificate, key) = AuthorityLoader.Load(folder, time.GetUtcNow());
        return new CertificateAuthority(folder, certificate, key, time);
    }

    public IssueAnswer Issue(string device, ReadOnlySpan<byte> request, TimeSpan validity)
    {
        if (FindNameProblem(device) is { } fault)
            return new IssueAnswer(null, fault);
        return KeyRequest.TryRead(request, out var key, out var refusal)
            ? new IssueAnswer(Sign(device, CertificateProfile.Device(device, key), validity), null)
            : new IssueAnswer(null, refusal);
    }

    /// <summary>A server certificate for the device endpoint.</summary>
    /// <exception cref="ArgumentException">A host is neither a DNS name nor an IP address.</exception>
    public IssuedIdentity IssueEndpoint(IReadOnlyCollection<string> hosts, TimeSpan validity)
    {
        if (hosts.FirstOrDefault(host => !HostName.IsValid(host)) is { } wrong)
            throw new ArgumentException($"'{wrong}' is no host name or address", nameof(hosts));
        using var made = P256.Create();
        return new IssuedIdentity(
            Sign(SiloName, CertificateProfile.Endpoint(SiloName, hosts, new PublicKey(made)), validity), new PrivateKey(made));
    }

    /// <summary>DER.</summary>
    public byte[] SignList(IEnumerable<RevokedCertificate> revoked, TimeSpan validity)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (var entry in revoked)
            list.AddEntry(Convert.FromHexString(entry.Serial), entry.At, (X509RevocationReason)entry.Reason);
        var now = time.GetUtcNow();
        var number = new BigInteger(now.ToUnixTimeMilliseconds()); // It must only rise.
        lock (signing)
            return list.Build(certificate.SubjectName, signer, number, now + validity, HashAlgorithmName.SHA256, keyIdentifier, now - ClockSkew);
    }

    public void Dispose()
    {
        certificate.Dispose();
        key.Dispose();
    }

    private static void Make(AuthorityFolder folder, TimeProvider time, ILogger logger)
    {
        var now = time.GetUtcNow();
        if (now < Earliest)
        {
            throw new SiloOptionsException(
                $"The clock says {now:yyyy-MM-dd}, with which no certificate can be made: set the clock and start again.");
        }

        using var key = P256.Create();
        var name = $"Armada device authority {RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var profile = CertificateProfile.Authority(name, new PublicKey(key));
        using var certificate = profile.Create(
            profile.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - ClockSkew, now.AddYears(Years), NewSerial());
        try
        {
            folder.Make(certificate, key);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SiloOptionsException(
                $"The device authority cannot be stored in '{folder.Path}': {refused.Message} Let the silo write there, or free the disk.", refused);
        }

        LogMade(logger, name, folder.Path);
    }

    private static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40); // Positive and always 16 bytes long; 126 bits are random.
        return serial;
    }

    private static RegistryRefusal? FindNameProblem(string device) =>
        !DeviceName.IsValid(device) ? new RegistryRefusal(
            RegistryRefusalReason.Name,
            $"the device's name must have 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-' and '_', beginning with a letter or digit")
        : device.StartsWith(SiloName, StringComparison.OrdinalIgnoreCase) ? new RegistryRefusal(
            RegistryRefusalReason.Name, $"names that begin with {SiloName} are the silo's own; choose another one")
        : null;

    private IssuedCertificate Sign(string name, CertificateRequest profile, TimeSpan validity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(validity, TimeSpan.Zero);
        profile.CertificateExtensions.Add(keyIdentifier);
        var now = time.GetUtcNow();
        var end = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        var notAfter = validity < end - now ? now + validity : end;
        lock (signing)
        {
            using var signed = profile.Create(certificate.SubjectName, signer, now - ClockSkew, notAfter, NewSerial());
            return IssuedCertificate.Of(name, signed);
        }
    }

    [LoggerMessage(1700, LogLevel.Information, "Made {Name} in {Folder}: back this folder up, its key cannot be had again")]
    private static partial void LogMade(ILogger logger, string name, string folder);
}

/// <summary>The contents of each kind of certificate beside key and dates.</summary>
internal static class CertificateProfile
{
    public const string DeviceUri = "urn:armada:device:";
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    public static CertificateRequest Authority(string name, PublicKey key)
    {
        var profile = Named(name, key, isAuthority: true, X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign);
        profile.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(new X509SubjectKeyIdentifierExtension(key, false)));
        return profile;
    }

    public static CertificateRequest Device(string name, PublicKey key)
    {
        var profile = Named(name, key, isAuthority: false, X509KeyUsageFlags.DigitalSignature);
        profile.CertificateExtensions.Add(Usages(ForClients));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(DeviceUri + name));
        profile.CertificateExtensions.Add(names.Build());
        return profile;
    }

    public static CertificateRequest Endpoint(string name, IEnumerable<string> hosts, PublicKey key)
    {
        var profile = Named(name, key, isAuthority: false, X509KeyUsageFlags.DigitalSignature);
        profile.CertificateExtensions.Add(Usages(ForServers));
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts.Prepend("::1").Prepend("127.0.0.1").Prepend("localhost").Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }

        profile.CertificateExtensions.Add(names.Build());
        return profile;
    }

    private static CertificateRequest Named(string name, PublicKey key, bool isAuthority, X509KeyUsageFlags use)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        var profile = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        profile.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, hasPathLengthConstraint: isAuthority, 0, critical: true));
        profile.CertificateExtensions.Add(new X509KeyUsageExtension(use, critical: true));
        profile.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(key, critical: false));
        return profile;
    }

    private static X509EnhancedKeyUsageExtension Usages(string usage) => new([new Oid(usage)], critical: false);
}

/// <summary>A DNS name or IP address without a port.</summary>
internal static class HostName
{
    private const int MaxLength = 253;

    public static bool IsValid(string text) =>
        text.Length <= MaxLength && Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6
        && text.All(char.IsAscii) && !text.Contains('_', StringComparison.Ordinal);
}
