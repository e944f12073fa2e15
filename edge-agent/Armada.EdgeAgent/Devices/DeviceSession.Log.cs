using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Devices;

internal sealed partial class DeviceSession
{
    [LoggerMessage(3000, LogLevel.Information, "{Device}: running on {Port}")]
    private partial void LogRunning(string device, string port);

    [LoggerMessage(3001, LogLevel.Warning, "{Device}: not running, trying again: {Reason}")]
    private partial void LogComplaint(string device, string reason);

    [LoggerMessage(3002, LogLevel.Error, "{Device}: the loop failed; its torque is off, and it begins again")]
    private partial void LogFault(string device, Exception fault);

    [LoggerMessage(3003, LogLevel.Information, "{Device}: ended")]
    private partial void LogEnded(string device);
}
