using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Armada.Wire.Topics;

namespace Armada.EdgeAgent.Configuration;

/// <summary>What the uplink's part of a configuration must be beyond its types.</summary>
internal static class ClusterRules
{
    public static string? Broken(AgentConfiguration configuration)
    {
        if (configuration.Uplink == UplinkKind.Mqtt)
            return configuration.Cluster is null ? null : "cluster: is for uplink \"orleans\" only; set that or remove it";
        if (configuration.Cluster is not { } cluster)
            return "cluster: is absent, and uplink \"orleans\" needs it; give its id, and gateways or redis";
        if (configuration.Broker is null)
            return "broker: is absent, and uplink \"orleans\" needs it for commands; add it";
        return Id("cluster.id", cluster.Id)
            ?? Id("cluster.service_id", cluster.ServiceId)
            ?? (cluster.Gateways.IsEmpty == cluster.Redis is null
                ? "cluster: gateways and redis are two ways to the same; give one of them"
                : null)
            ?? (cluster.Redis is { Length: 0 } ? "cluster.redis: is empty; give host:port" : null)
            ?? cluster.Gateways
                .Select((gateway, index) => TryParse(gateway, out _)
                    ? null
                    : $"cluster.gateways[{index}]: '{gateway}' is no gateway; give host:port, such as 10.0.0.5:30000")
                .FirstOrDefault(line => line is not null);
    }

    /// <summary>Reads host:port; [address]:port for IPv6.</summary>
    public static bool TryParse(string gateway, [NotNullWhen(true)] out (string Host, int Port)? parsed)
    {
        parsed = null;
        var colon = gateway.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(gateway[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
            return false;
        var host = gateway[..colon];
        if (host is ['[', .., ']'])
            host = host[1..^1];
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            return false;
        parsed = (host, port);
        return true;
    }

    private static string? Id(string member, string id) =>
        DeviceName.IsValid(id) ? null : $"{member}: '{id}' is no id; use 1 to {DeviceName.MaxLength} letters, digits, '-' and '_'";
}
