using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Armada.Silo.Options;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Armada.Silo.Mqtt;

/// <summary>The ports that devices connect to: MQTT over TLS with a client certificate, and on loopback without where development asks for it.</summary>
internal static class DeviceListener
{
    public static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(5);

    public static void ListenForDevices(this KestrelServerOptions kestrel, DeviceEndpointOptions options, ConnectionLimits limits)
    {
        var services = kestrel.ApplicationServices;
        var connections = services.GetRequiredService<DeviceConnections>();
        var (certificate, admission) = (services.GetRequiredService<EndpointCertificate>(), services.GetRequiredService<DeviceAdmission>());
        if (options.Address is { } address)
            kestrel.Listen(address, options.Port, Secure);
        else
            kestrel.ListenAnyIP(options.Port, Secure);
        if (options.PlainPort is { } plain)
        {
            kestrel.Listen(IPAddress.Loopback, plain, listen =>
            {
                listen.Use(limits.LimitAsync);
                listen.Run(connections.ServeAsync);
            });
        }

        void Secure(ListenOptions listen)
        {
            listen.Use(limits.LimitAsync);
            var https = new HttpsConnectionAdapterOptions { SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, HandshakeTimeout = HandshakeWithin };
            https.Show(() => certificate.Current);
            https.AskForDevice(admission, ClientCertificateMode.RequireCertificate);
            listen.UseHttps(https);
            listen.Run(connections.ServeAsync);
        }
    }

    /// <summary>Shows a server certificate that may be renewed.</summary>
    public static void Show(this HttpsConnectionAdapterOptions https, Func<SslStreamCertificateContext> current)
    {
        https.ServerCertificate = current().TargetCertificate;
        https.OnAuthenticate = (_, tls) =>
        {
            tls.ServerCertificateContext = current();
            tls.CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        };
    }

    /// <summary>Asks the client for a device's certificate and refuses the handshake where it shows another one.</summary>
    public static void AskForDevice(this HttpsConnectionAdapterOptions https, DeviceAdmission admission, ClientCertificateMode mode)
    {
        https.ClientCertificateMode = mode;
        https.ClientCertificateValidation = (presented, _, _) => admission.IsIssuedHere(presented);
    }
}
