using System.Net;
using Armada.Grains.Transport;
using Armada.Silo.Cluster;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Cluster.Transport;

/// <summary>A silo in this process, on real ports, that asks for certificates; the first one keeps the membership.</summary>
internal sealed class TlsSilo : IAsyncDisposable
{
    private const string Cluster = "tls";

    private readonly IHost host;

    private TlsSilo(IHost host) => this.host = host;

    public int SiloPort { get; private init; }

    public int GatewayPort { get; private init; }

    public SiloAddress Address => host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;

    public IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Silos that it sees alive.</summary>
    public int Sees => host.Services.GetRequiredService<ISiloStatusOracle>().GetApproximateSiloStatuses(onlyActive: true).Count;

    public static async Task<TlsSilo> StartAsync(ClusterIdentity identity, RefusedHandshakes refused, TlsSilo? first = null)
    {
        var (silo, gateway) = (FreePort.Next(), FreePort.Next());
        var primary = first is null ? null : new IPEndPoint(IPAddress.Loopback, first.SiloPort);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(refused);
        builder.UseOrleans(orleans =>
        {
            orleans.UseLocalhostClustering(silo, gateway, primary, Cluster, Cluster);
            orleans.UseTls(identity);
        });
        var started = new TlsSilo(builder.Build()) { SiloPort = silo, GatewayPort = gateway };
        await started.host.StartAsync();
        return started;
    }

    /// <summary>A client of the silo's gateway; it may not get in.</summary>
    public async Task<IHost> ConnectAsync(Action<IClientBuilder> transport, RefusedHandshakes refused)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(refused);
        builder.UseOrleansClient(client =>
        {
            client.UseLocalhostClustering(GatewayPort, Cluster, Cluster);
            client.UseConnectionRetryFilter((_, _) => Task.FromResult(false));
            transport(client);
        });
        var connected = builder.Build();
        try
        {
            await connected.StartAsync();
            return connected;
        }
        catch
        {
            connected.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        SiloStops.Begin();
        await host.StopAsync();
        host.Dispose();
    }
}
