using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Armada.Grains.Identities;

namespace Armada.Silo.Identities.Registry;

/// <summary>What a process knows of the registry at one version. Any thread.</summary>
internal sealed class KnownIdentities
{
    private readonly ImmutableSortedDictionary<string, RegisteredDevice> devices;
    private readonly ImmutableArray<Trusted> authorities;

    private KnownIdentities(IdentityVersion version, ImmutableSortedDictionary<string, RegisteredDevice> devices, ImmutableArray<Trusted> authorities) =>
        (Version, this.devices, this.authorities) = (version, devices, authorities);

    public static KnownIdentities None { get; } = new(default, ImmutableSortedDictionary.Create<string, RegisteredDevice>(StringComparer.Ordinal), []);

    public IdentityVersion Version { get; }

    /// <summary>Oldest first.</summary>
    public IEnumerable<KnownAuthority> Authorities => authorities.Select(one => one.Authority);

    /// <summary>In the order of their names.</summary>
    public IEnumerable<RegisteredDevice> Devices => devices.Values;

    public static KnownIdentities Of(IdentitySnapshot snapshot) => new(
        snapshot.Version,
        None.devices.AddRange(snapshot.Devices.Select(device => KeyValuePair.Create(device.Name, device))),
        [.. snapshot.Authorities.Select(authority => new Trusted(authority))]);

    /// <summary>After a change of one device, which is the next one; null where it is not.</summary>
    public KnownIdentities? Next(IdentityChange change) =>
        change.Name is not { } name || change.Version != Version with { Number = Version.Number + 1 } ? null
        : new(change.Version, change.Device is null ? devices.Remove(name) : devices.SetItem(name, change.Device), authorities);

    /// <summary>Whether nothing of a version is missing here.</summary>
    public bool Has(IdentityVersion version) => Version.Activation == version.Activation && Version.Number >= version.Number;

    public RegisteredDevice? Find(string name) => devices.GetValueOrDefault(name);

    /// <summary>Whether one of the trusted authorities signed a certificate.</summary>
    public bool IsSigned(X509Certificate2 certificate) => authorities.Any(authority => authority.HasSigned(certificate.RawDataMemory));

    /// <summary>Why a certificate admits nobody, or null where it is a registered device's.</summary>
    /// <param name="name">The name in it.</param>
    /// <param name="serial">Its serial number, lower-case hexadecimal.</param>
    public string? FindProblem(string name, string serial)
    {
        if (Find(name) is not { } device)
            return $"its certificate is revoked or unknown: no device {name} is registered";
        if (device.Certificates.FirstOrDefault(its => its.Serial == serial) is not { } certificate)
            return $"its certificate is revoked, or none that {name} was given";
        return authorities.Any(authority => authority.Authority.Id == certificate.Authority) ? null : "the authority of its certificate is retired";
    }

    private sealed class Trusted
    {
        private readonly Lock verifying = new();
        private readonly ECDsa? key;

        public Trusted(KnownAuthority authority)
        {
            Authority = authority;
            using var certificate = X509Certificate2.CreateFromPem(authority.Pem);
            key = certificate.GetECDsaPublicKey();
        }

        public KnownAuthority Authority { get; }

        public bool HasSigned(ReadOnlyMemory<byte> der)
        {
            try
            {
                lock (verifying)
                    return key is not null && DerSignature.IsSignedBy(der, key);
            }
            catch (AsnContentException)
            {
                return false;
            }
        }
    }
}
