namespace Armada.Silo.Panel;

internal sealed partial class PanelFeed
{
    [LoggerMessage(1300, LogLevel.Error, "A look at the fleet failed; watchers see the next one")]
    private partial void LogFault(Exception fault);

    [LoggerMessage(1301, LogLevel.Debug, "Nobody watches any more")]
    private partial void LogEnded();
}
