using Armada.Core.Robots;

namespace Armada.Silo.Engine;

internal sealed partial class RobotRuntime
{
    private readonly ILogger<RobotRuntime> logger;

    private void Log(Effect.Note note)
    {
        if (note.Event is RobotEvent.MasterLost or RobotEvent.SlaveLagging or RobotEvent.SlaveFailed or RobotEvent.Stopped)
            LogTrouble(Id, note.Event, note.Subject);
        else
            LogEvent(Id, note.Event, note.Subject);
    }

    [LoggerMessage(1100, LogLevel.Information, "{Robot}: {Event} {Subject}")]
    private partial void LogEvent(string robot, RobotEvent @event, string subject);

    [LoggerMessage(1101, LogLevel.Warning, "{Robot}: {Event} {Subject}")]
    private partial void LogTrouble(string robot, RobotEvent @event, string subject);

    [LoggerMessage(1102, LogLevel.Error, "{Robot}: a turn failed; the robot begins anew from what is stored")]
    private partial void LogFault(Exception fault, string robot);

    [LoggerMessage(1103, LogLevel.Error, "{Robot}: {Party} threw and is disconnected")]
    private partial void LogPartyFault(Exception fault, string robot, string party);
}
