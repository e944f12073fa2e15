namespace Armada.Silo.Cluster;

internal sealed partial class Door
{
    [LoggerMessage(1660, LogLevel.Error, "{Robot}: {Party} threw and is disconnected")]
    private partial void LogPartyFault(Exception fault, string robot, string party);

    [LoggerMessage(1661, LogLevel.Debug, "{Robot} could not be listened to; it is asked again")]
    private partial void LogUnheard(Exception fault, string robot);

    [LoggerMessage(1662, LogLevel.Information, "{Robot} could not be told that {Party} has left")]
    private partial void LogNotLeft(Exception fault, string robot, string party);
}
