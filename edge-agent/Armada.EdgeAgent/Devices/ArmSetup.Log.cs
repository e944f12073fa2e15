using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Devices;

internal sealed partial class ArmSetup
{
    [LoggerMessage(3010, LogLevel.Warning, "{Device}: {Complaint}")]
    private partial void LogComplaint(string device, string complaint);

    [LoggerMessage(3011, LogLevel.Warning, "{Device}: wrote {Count} value(s) of {Source} into its servos")]
    private partial void LogWritten(string device, string source, int count);
}
