using Armada.Core.Robots;

namespace Armada.Silo.Engine;

internal sealed partial class RobotRuntime
{
    private readonly ILogger<RobotRuntime> logger;

    private void Log(RobotEvent note)
    {
        if (note.Kind is RobotEventKind.MasterLost or RobotEventKind.SlaveLagging or RobotEventKind.SlaveFailed or RobotEventKind.Stopped)
            LogTrouble(Id, note.Kind, note.Subject);
        else
            LogEvent(Id, note.Kind, note.Subject);
    }

    [LoggerMessage(1100, LogLevel.Information, "{Robot}: {Event} {Subject}")]
    private partial void LogEvent(string robot, RobotEventKind @event, string subject);

    [LoggerMessage(1101, LogLevel.Warning, "{Robot}: {Event} {Subject}")]
    private partial void LogTrouble(string robot, RobotEventKind @event, string subject);

    [LoggerMessage(1102, LogLevel.Error, "{Robot}: a turn failed; the robot begins anew from what is stored")]
    private partial void LogFault(Exception fault, string robot);

    [LoggerMessage(1103, LogLevel.Error, "{Robot}: {Party} threw and is disconnected")]
    private partial void LogPartyFault(Exception fault, string robot, string party);
}
