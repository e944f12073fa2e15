using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Stops;

internal sealed partial class ControlSocketServer
{
    [LoggerMessage(3300, LogLevel.Warning, "Stopped here: every arm holds until a reset here")]
    private partial void LogStopped();

    [LoggerMessage(3301, LogLevel.Information, "The stop made here is released")]
    private partial void LogReset();

    [LoggerMessage(3302, LogLevel.Debug, "A client of the control socket left: {Reason}")]
    private partial void LogTalkEnded(string reason);
}
