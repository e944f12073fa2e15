using Armada.Devices.Serial;
using Armada.Devices.Serial.Posix;
using Armada.Messaging.Link;
using Microsoft.Extensions.Logging;
#if CLOUD_MQTTNET
using Armada.Messaging.MqttNet;
#else
using Armada.Messaging.LibMosquitto;
#endif

namespace Armada.EdgeAgent.Hosting;

/// <summary>Makes an MQTT link.</summary>
internal delegate IMqttLink LinkFactory(LinkOptions options, ILoggerFactory loggers);

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
}
