using System.Collections.Concurrent;
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
    private static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(5);

    public static void ListenForDevices(this KestrelServerOptions kestrel, DeviceEndpointOptions options)
    {
        var services = kestrel.ApplicationServices;
        var (connections, unproven) = (services.GetRequiredService<DeviceConnections>(), services.GetRequiredService<UnprovenConnections>());
        var (certificate, admission) = (services.GetRequiredService<EndpointCertificate>(), services.GetRequiredService<DeviceAdmission>());
        if (options.Address is { } address)
            kestrel.Listen(address, options.Port, Secure);
        else
            kestrel.ListenAnyIP(options.Port, Secure);
        if (options.PlainPort is { } plain)
            kestrel.Listen(IPAddress.Loopback, plain, listen => listen.Run(connections.ServeAsync));

        void Secure(ListenOptions listen)
        {
            listen.Use(unproven.LimitAsync);
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

/// <summary>Limits how many connections of one address have not proven a registered certificate yet, so that nobody without one keeps others out.</summary>
internal sealed class UnprovenConnections
{
    public const int MaxPerAddress = 64;

    private readonly ConcurrentDictionary<IPAddress, int> counts = [];

    /// <summary>Lets a connection pass unless its address has too many of this kind.</summary>
    public ConnectionDelegate LimitAsync(ConnectionDelegate next) => async connection =>
    {
        if ((connection.RemoteEndPoint as IPEndPoint)?.Address is not { } address)
        {
            await next(connection);
            return;
        }

        using var unproven = new Unproven(this, address);
        if (unproven.Number > MaxPerAddress)
            return;
        connection.Features.Set(unproven);
        await next(connection);
    };

    /// <summary>One of them, until it is proven or over.</summary>
    internal sealed class Unproven : IDisposable
    {
        private readonly UnprovenConnections owner;
        private readonly IPAddress address;
        private int isOver;

        public Unproven(UnprovenConnections owner, IPAddress address)
        {
            (this.owner, this.address) = (owner, address);
            Number = owner.counts.AddOrUpdate(address, 1, static (_, count) => count + 1);
        }

        public int Number { get; }

        /// <summary>It counts no longer.</summary>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref isOver, 1) != 0)
                return;
            if (owner.counts.AddOrUpdate(address, 0, static (_, count) => count - 1) == 0)
                owner.counts.TryRemove(KeyValuePair.Create(address, 0));
        }
    }
}
