using Armada.Grains.Transport;
using Orleans.Configuration;

namespace Armada.Silo.Cluster;

/// <summary>How a silo's connections are secured, to other silos and from gateways.</summary>
internal static class ClusterTransport
{
    /// <summary>Asks everybody for a certificate of the cluster, on both ports.</summary>
    public static void UseTls(this ISiloBuilder silo, ClusterIdentity identity) => silo.Configure<SiloConnectionOptions>(connections =>
    {
        connections.ConfigureSiloOutboundConnection(connection => connection.UseClientTls(identity.Tls()));
        connections.ConfigureSiloInboundConnection(connection => connection.UseServerTls(identity.Tls()));
        connections.ConfigureGatewayInboundConnection(connection => connection.UseServerTls(identity.Tls()));
    });
}
