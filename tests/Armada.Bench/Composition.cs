using Armada.Messaging.LibMosquitto;
using Armada.Messaging.Link;
using Microsoft.Extensions.Logging.Abstractions;
#if CLOUD_MQTTNET
using Armada.Messaging.MqttNet;
#endif

namespace Armada.Bench;

/// <summary>Makes an MQTT link.</summary>
internal delegate IMqttLink LinkFactory(LinkOptions options);

/// <summary>The links this build has, by name. The only file that may differ between build profiles.</summary>
internal static class Composition
{
    public const string LibMosquitto = "libmosquitto";
    public const string MqttNet = "mqttnet";

    /// <summary>Whether silos of this build can be of a cluster.</summary>
#if CLOUD_ORLEANS
    public static bool HasOrleans => true;
#else
    public static bool HasOrleans => false;
#endif

    public static IReadOnlyDictionary<string, LinkFactory> Links { get; } = new Dictionary<string, LinkFactory>
    {
        [LibMosquitto] = options => new LibMosquittoLink(options, NullLogger<LibMosquittoLink>.Instance),
#if CLOUD_MQTTNET
        [MqttNet] = options => new MqttNetLink(options, NullLogger<MqttNetLink>.Instance),
#endif
    };
}
