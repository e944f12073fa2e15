using Armada.Core.Robots;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Local;

internal sealed partial class LocalPair
{
    [LoggerMessage(3200, LogLevel.Information, "Local pair {Pair}: {Event} ({Subject})")]
    private partial void LogNote(string pair, RobotEventKind @event, string subject);

    [LoggerMessage(3201, LogLevel.Debug, "Local pair {Pair} ended")]
    private partial void LogEnded(string pair);
}
