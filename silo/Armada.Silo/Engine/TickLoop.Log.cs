namespace Armada.Silo.Engine;

internal sealed partial class TickLoop
{
    [LoggerMessage(1120, LogLevel.Error, "{Whose}: a tick failed; a robot begins anew from what is stored")]
    private partial void LogFault(Exception fault, string whose);

    [LoggerMessage(1121, LogLevel.Debug, "Ticks ended")]
    private partial void LogEnded();
}
