using Armada.Core.Robots;
using Armada.Core.Time;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Robots;

/// <summary>
/// Logs what happens to one robot. A client that comes and goes, or lags and recovers, many times a second must not fill the disk; a stop is
/// always told.
/// </summary>
internal sealed partial class RobotEventLog(string robot, SiloClock clock, ILogger logger)
{
    private readonly LogPace pace = new(linesPerSecond: 20);

    public void Write(RobotEvent note)
    {
        if (!pace.IsDue(clock.Now(), out var hidden) && note.Kind != RobotEventKind.Stopped)
            return;
        if (hidden > 0)
            LogHidden(robot, hidden);
        if (note.Kind is RobotEventKind.MasterLost or RobotEventKind.SlaveLagging or RobotEventKind.SlaveFailed or RobotEventKind.Stopped)
            LogWarningEvent(robot, note.Kind, note.Subject);
        else
            LogEvent(robot, note.Kind, note.Subject);
    }

    [LoggerMessage(1150, LogLevel.Information, "{Robot}: {Event} {Subject}")]
    private partial void LogEvent(string robot, RobotEventKind @event, string subject);

    [LoggerMessage(1151, LogLevel.Warning, "{Robot}: {Event} {Subject}")]
    private partial void LogWarningEvent(string robot, RobotEventKind @event, string subject);

    [LoggerMessage(1156, LogLevel.Warning, "{Robot}: {Hidden} lines about its master and slaves were left out")]
    private partial void LogHidden(string robot, long hidden);
}
