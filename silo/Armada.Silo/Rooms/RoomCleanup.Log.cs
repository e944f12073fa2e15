namespace Armada.Silo.Rooms;

internal sealed partial class RoomCleanup
{
    [LoggerMessage(1410, LogLevel.Debug, "{Removed} of {Rooms} rooms were removed because nobody used them")]
    private partial void LogSwept(int removed, int rooms);

    [LoggerMessage(1411, LogLevel.Warning, "Room {Workspace}/{Room} is not used and could not be removed: {Reason}")]
    private partial void LogNotRemoved(string workspace, string room, string reason);

    [LoggerMessage(1412, LogLevel.Debug, "The clean-up of rooms ended")]
    private partial void LogEnded();
}
