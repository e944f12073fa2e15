using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Armada.Silo.Identities;

/// <summary>What stands in each kind of certificate, beside key and dates.</summary>
internal static class CertificateProfile
{
    /// <summary>Begins the URI of a device in its certificate.</summary>
    public const string DeviceUri = "urn:armada:device:";

    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    /// <summary>An authority that signs certificates and revocation lists, and no further authority.</summary>
    public static CertificateRequest Authority(string name, PublicKey key)
    {
        var profile = Named(name, key, isAuthority: true, X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign);
        profile.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(new X509SubjectKeyIdentifierExtension(key, false)));
        return profile;
    }

    /// <summary>A device: the common name is its user name at the broker; the URI says the same to whoever reads no common names.</summary>
    public static CertificateRequest Device(string name, PublicKey key)
    {
        var profile = Named(name, key, isAuthority: false, X509KeyUsageFlags.DigitalSignature);
        profile.CertificateExtensions.Add(Usages(ForClients));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(DeviceUri + name));
        profile.CertificateExtensions.Add(names.Build());
        return profile;
    }

    /// <summary>The silo and the broker it runs: a server under loopback's names and the given ones, and a client.</summary>
    /// <param name="name">The silo's user name at the broker.</param>
    /// <param name="hosts">Host names and addresses by which devices reach the broker.</param>
    /// <param name="key">Its key.</param>
    public static CertificateRequest Broker(string name, IEnumerable<string> hosts, PublicKey key)
    {
        var profile = Named(name, key, isAuthority: false, X509KeyUsageFlags.DigitalSignature);
        profile.CertificateExtensions.Add(Usages(ForServers, ForClients));
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

    private static X509EnhancedKeyUsageExtension Usages(params string[] usages) =>
        new([.. usages.Select(usage => new Oid(usage))], critical: false);
}
