using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Armada.Silo.Identities;
using Armada.Silo.Options;

namespace Armada.Silo.Mqtt;

/// <summary>The device endpoint's own certificate, in memory only: issued at the start, and again when half its time is over. Any thread.</summary>
internal sealed class EndpointCertificate(CertificateAuthority authority, DeviceEndpointOptions options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(90);

    private readonly Lock renewing = new();
    private X509Certificate2? certificate;
    private SslStreamCertificateContext? current;
    private DateTimeOffset renewAt = DateTimeOffset.MinValue;

    public SslStreamCertificateContext Current
    {
        get
        {
            lock (renewing)
                return time.GetUtcNow() < renewAt ? current! : Renew();
        }
    }

    public void Dispose() => certificate?.Dispose();

    private SslStreamCertificateContext Renew()
    {
        var issued = authority.IssueEndpoint([.. options.Hosts.Select(Bundle.NameOf)], Validity);
        certificate = X509Certificate2.CreateFromPem(issued.Certificate.Pem, issued.Key!.Pem()); // Handshakes may still use the last one.
        renewAt = time.GetUtcNow() + (Validity / 2);
        return current = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
    }
}
