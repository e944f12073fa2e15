using Armada.Devices.Serial;
using Armada.Devices.Serial.Posix;
using Armada.Messaging.LibMosquitto;
using Armada.Messaging.Link;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Hosting;

/// <summary>Makes an MQTT link.</summary>
internal delegate IMqttLink LinkFactory(LinkOptions options, ILoggerFactory loggers);

/// <summary>Which adapter fills which port: the agent's one composition file.</summary>
internal static class Adapters
{
    public static ISerialPorts SerialPorts() => new PosixSerialPorts();

    public static IMqttLink Link(LinkOptions options, ILoggerFactory loggers) =>
        new LibMosquittoLink(options, loggers.CreateLogger<LibMosquittoLink>());
}
