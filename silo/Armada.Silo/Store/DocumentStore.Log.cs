namespace Armada.Silo.Store;

internal sealed partial class DocumentStore
{
    [LoggerMessage(1000, LogLevel.Information, "Loaded {Robots} robots")]
    private partial void LogLoaded(int robots);

    [LoggerMessage(
        1003,
        LogLevel.Warning,
        "The fleet's latch could not be read, so the fleet is stopped; look at the arms, then POST /api/v1/fleet/reset")]
    private partial void LogFleetStopAssumed();
}
