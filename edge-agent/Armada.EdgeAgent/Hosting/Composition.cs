using Armada.Devices.Serial;
using Armada.Devices.Serial.Posix;
using Armada.Mqtt;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Hosting;

/// <summary>Makes an MQTT link.</summary>
internal delegate IMqttLink LinkFactory(LinkOptions options, ILoggerFactory loggers);

/// <summary>Which adapter fills which port.</summary>
internal static class Composition
{
    public static ISerialPorts SerialPorts() => new PosixSerialPorts();

    public static IMqttLink Link(LinkOptions options, ILoggerFactory loggers) => new MqttLink(options, loggers.CreateLogger<MqttLink>());
}
