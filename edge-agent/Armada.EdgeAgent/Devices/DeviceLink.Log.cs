using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Devices;

internal sealed partial class DeviceLink
{
    [LoggerMessage(3110, LogLevel.Information, "{Device}: connected to the broker")]
    private partial void LogUp(string device);

    [LoggerMessage(3111, LogLevel.Warning, "{Device}: the broker is out of reach; trying again")]
    private partial void LogDown(string device);

    [LoggerMessage(3112, LogLevel.Warning, "{Device}: dropped malformed input ({What}), {Count} so far")]
    private partial void LogMalformed(string device, string what, long count);
}
