using System.Net;
using Armada.Core.Topics;
using Armada.Silo.Cluster;

namespace Armada.Silo.Options;

/// <summary>A silo's place in a cluster.</summary>
/// <param name="ClusterId">Silos of the same id find each other.</param>
/// <param name="ServiceId">Under it the cluster's robots are stored; the same over all deployments.</param>
/// <param name="Redis">Redis in its client's words.</param>
public sealed record SiloClusterOptions(
    string ClusterId, string ServiceId, string? Redis, IPEndPoint Endpoint, int GatewayPort, ClusterTls? Tls = null)
{
    internal static SiloClusterOptions? Read(SiloConfiguration settings)
    {
        var redis = settings.Text(Settings.Redis);
        if (settings.Text(Settings.Cluster) is not { } id)
        {
            if (redis is not null)
                settings.Refuse($"{settings.NameOf(Settings.Redis)} needs --cluster, the id of the cluster");
            return null;
        }

        if (redis is null)
            settings.Refuse($"{settings.NameOf(Settings.Cluster)} needs --redis, where the cluster's silos meet and store; leave both out for one machine");
        var service = settings.Text(Settings.ServiceId)!;
        if (!DeviceName.IsValid(id))
            settings.Refuse(Settings.Cluster, SiloOptions.NameRule);
        if (!DeviceName.IsValid(service))
            settings.Refuse(Settings.ServiceId, SiloOptions.NameRule);
        if (!IPEndPoint.TryParse(settings.Text(Settings.SiloEndpoint)!, out var endpoint) || endpoint.Port == 0)
            settings.Refuse(Settings.SiloEndpoint, "must be address:port, such as 10.0.0.5:11111");
        else if (endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any))
            settings.Refuse(Settings.SiloEndpoint, "must be the address that the other silos dial, not every address");
        var gateway = settings.Number(Settings.GatewayPort, 1, IPEndPoint.MaxPort);
        var tls = settings.Files(Settings.ClusterCa, Settings.ClusterCert, Settings.ClusterKey) is [var ca, var certificate, var key]
            ? new ClusterTls(ca, certificate, key)
            : null;
        return new SiloClusterOptions(id, service, redis, endpoint ?? new IPEndPoint(IPAddress.Loopback, 0), gateway ?? 0, tls);
    }
}
