using Armada.Devices.Serial;
using Armada.Devices.Serial.Posix;
using Armada.EdgeAgent.Configuration;
using Armada.Messaging.Link;
using Armada.Messaging.Uplink;
using Microsoft.Extensions.Logging;
#if CLOUD_MQTTNET
using Armada.Messaging.MqttNet;
#else
using Armada.Messaging.LibMosquitto;
#endif
#if CLOUD_ORLEANS
using Armada.EdgeAgent.Orleans;
#endif

namespace Armada.EdgeAgent.Hosting;

/// <summary>Makes an MQTT link.</summary>
internal delegate IMqttLink LinkFactory(LinkOptions options, ILoggerFactory loggers);

/// <summary>Makes the uplink of an agent's devices; null where each has its own link for it.</summary>
/// <exception cref="ConfigurationException">It cannot be used, or not in this build.</exception>
internal delegate IUplinkHub? UplinkFactory(AgentConfiguration configuration, TimeProvider time, ILoggerFactory loggers);

/// <summary>Which adapter fills which port. The only file that may differ between build profiles.</summary>
internal static class Composition
{
    public static ISerialPorts SerialPorts() => new PosixSerialPorts();

    public static IMqttLink Link(LinkOptions options, ILoggerFactory loggers) =>
#if CLOUD_MQTTNET
        new MqttNetLink(options, loggers.CreateLogger<MqttNetLink>());
#else
        new LibMosquittoLink(options, loggers.CreateLogger<LibMosquittoLink>());
#endif

    /// <exception cref="ConfigurationException">A certificate is unusable, or this build has no such uplink.</exception>
    public static IUplinkHub? Uplink(AgentConfiguration configuration, TimeProvider time, ILoggerFactory loggers)
    {
        if (configuration.Uplink == UplinkKind.Mqtt)
            return null;
#if CLOUD_ORLEANS
        var refused = ClusterUplink.TryMake(AddressOf(configuration.Cluster!), loggers, time, out var uplink);
        return refused is null ? uplink : throw new ConfigurationException(refused);
#else
        throw new ConfigurationException(
            "uplink: this agent was built without Orleans, so it cannot stream into a cluster; build with -p:Cloud=Orleans, or use \"mqtt\"");
#endif
    }
#if CLOUD_ORLEANS

    private static ClusterAddress AddressOf(ClusterSettings cluster) => new()
    {
        ClusterId = cluster.Id,
        ServiceId = cluster.ServiceId,
        Gateways = [.. cluster.Gateways.Select(gateway => ClusterRules.TryParse(gateway, out var parsed) ? parsed.Value : default)],
        Redis = cluster.Redis,
        Tls = cluster.Tls is { } tls
            ? (("cluster.tls.ca", tls.Ca), ("cluster.tls.certificate", tls.Certificate), ("cluster.tls.key", tls.Key))
            : null,
    };
#endif
}
