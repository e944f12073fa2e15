using System.Net;
using System.Net.Sockets;
using Armada.Core.Topics;
using Armada.Silo.Cluster;

namespace Armada.Silo.Options;

/// <summary>A silo's place in a cluster.</summary>
/// <param name="ClusterId">Silos of the same id find each other.</param>
/// <param name="ServiceId">Under it the cluster's robots are stored; the same over all deployments.</param>
/// <param name="Redis">Redis in its client's words.</param>
public sealed record SiloClusterOptions(
    string ClusterId, string ServiceId, string? Redis, IPEndPoint Endpoint, int GatewayPort, ClusterTls? Tls = null, SiloRole Role = SiloRole.Both)
{
    internal static SiloClusterOptions? Read(SiloConfiguration settings)
    {
        var redis = settings.Text(Settings.Redis);
        if (settings.Text(Settings.Cluster) is not { } id)
        {
            foreach (var setting in new[] { Settings.Redis, Settings.Role }.Where(settings.IsSet))
                settings.Refuse($"{settings.NameOf(setting)} needs --cluster, the id of the cluster");
            return null;
        }

        if (redis is null)
            settings.Refuse($"{settings.NameOf(Settings.Cluster)} needs --redis, where the cluster's silos meet and store; leave both out for one machine");
        var service = settings.Text(Settings.ServiceId)!;
        if (!DeviceName.IsValid(id))
            settings.Refuse(Settings.Cluster, SiloOptions.NameRule);
        if (!DeviceName.IsValid(service))
            settings.Refuse(Settings.ServiceId, SiloOptions.NameRule);
        if (!IPEndPoint.TryParse(WithOwnAddress(settings.Text(Settings.SiloEndpoint)!), out var endpoint) || endpoint.Port == 0)
            settings.Refuse(Settings.SiloEndpoint, "must be address:port, such as 10.0.0.5:11111, or *:port for the address of this machine's name");
        else if (endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any))
            settings.Refuse(Settings.SiloEndpoint, "must be the address that the other silos dial, not every address");
        var gateway = settings.Number(Settings.GatewayPort, 1, IPEndPoint.MaxPort);
        var tls = settings.Files(Settings.ClusterCa, Settings.ClusterCert, Settings.ClusterKey) is [var ca, var certificate, var key]
            ? new ClusterTls(ca, certificate, key)
            : null;
        return new SiloClusterOptions(id, service, redis, endpoint ?? new IPEndPoint(IPAddress.Loopback, 0), gateway ?? 0, tls, ReadRole(settings));
    }

    // A container learns its address when it starts, and its host name is looked up to exactly that.
    private static string WithOwnAddress(string endpoint) =>
        endpoint.StartsWith("*:", StringComparison.Ordinal)
        && Array.Find(Dns.GetHostAddresses(Dns.GetHostName(), AddressFamily.InterNetwork), address => !IPAddress.IsLoopback(address)) is { } own
            ? $"{own}{endpoint[1..]}"
            : endpoint;

    private static SiloRole ReadRole(SiloConfiguration settings)
    {
        SiloRole? known = settings.Text(Settings.Role) switch
        {
            "both" => SiloRole.Both,
            "silo" => SiloRole.Silo,
            "gateway" => SiloRole.Gateway,
            _ => null,
        };
        if (known is not { } role)
        {
            settings.Refuse(Settings.Role, "must be silo, gateway or both");
            return SiloRole.Both;
        }

        if (role == SiloRole.Gateway)
        {
            foreach (var setting in new[] { Settings.SiloEndpoint, Settings.GatewayPort }.Where(settings.IsSet))
                settings.Refuse(setting, "is where a silo listens, and a gateway connects to the silos that Redis names; leave it out");
        }

        if (role == SiloRole.Silo && settings.IsSet(Settings.Broker))
            settings.Refuse(Settings.Broker, "is for devices, which --role silo does not serve; leave it out, or choose --role both");
        return role;
    }
}

/// <summary>What a process does in its cluster.</summary>
public enum SiloRole
{
    /// <summary>Hosts robots, and serves devices, HTTP and WebSockets.</summary>
    Both,

    /// <summary>Hosts robots; over HTTP it tells its health only.</summary>
    Silo,

    /// <summary>Serves devices, HTTP and WebSockets, and calls the cluster as a client.</summary>
    Gateway,
}
