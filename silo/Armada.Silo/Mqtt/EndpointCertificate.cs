using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Armada.Silo.Identities;
using Armada.Silo.Identities.Registry;
using Armada.Silo.Options;

namespace Armada.Silo.Mqtt;

/// <summary>
/// The device endpoint's own certificate, in memory only: issued at the start, again when half its time is over, and when its authority is
/// retired. It is of the oldest authority, which devices know that were not given the next one yet. Any thread.
/// </summary>
internal sealed class EndpointCertificate(LocalAuthorities authorities, IdentityCopy identities, DeviceEndpointOptions options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(90);

    private readonly Lock renewing = new();
    private X509Certificate2? certificate;
    private SslStreamCertificateContext? current;
    private CertificateAuthority? issuer;
    private DateTimeOffset renewAt = DateTimeOffset.MinValue;

    public SslStreamCertificateContext Current
    {
        get
        {
            var authority = FindIssuer();
            lock (renewing)
                return authority == issuer && time.GetUtcNow() < renewAt ? current! : Renew(authority);
        }
    }

    public void Dispose() => certificate?.Dispose();

    private CertificateAuthority FindIssuer() =>
        authorities.All.FirstOrDefault(its => identities.Now.Authorities.Any(trusted => trusted.Id == its.Id)) ?? authorities.All[^1];

    private SslStreamCertificateContext Renew(CertificateAuthority authority)
    {
        issuer = authority;
        var issued = authority.IssueEndpoint([.. options.Hosts.Select(Bundle.NameOf)], Validity);
        certificate = X509Certificate2.CreateFromPem(issued.Certificate.Pem, issued.Key!.Pem()); // Handshakes may still use the last one.
        renewAt = time.GetUtcNow() + (Validity / 2);
        return current = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
    }
}
