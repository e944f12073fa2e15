namespace Armada.Silo.Store;

internal sealed partial class DocumentStore
{
    [LoggerMessage(1000, LogLevel.Information, "Loaded {Robots} robots")]
    private partial void LogLoaded(int robots);

    [LoggerMessage(1001, LogLevel.Error, "{Path} is damaged ({Reason}); it was set aside as {Aside} and everything else goes on")]
    private partial void LogDamaged(string path, string aside, string reason);

    [LoggerMessage(1002, LogLevel.Error, "{Path} could not be stored: {Reason}")]
    private partial void LogNotStored(string path, string reason);

    [LoggerMessage(
        1003,
        LogLevel.Warning,
        "The fleet's latch could not be read, so the fleet is stopped; look at the arms, then POST /api/v1/fleet/reset")]
    private partial void LogFleetStopAssumed();
}
