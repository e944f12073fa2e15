using Armada.Core.Rooms;

namespace Armada.Silo.Rooms;

internal sealed partial class RoomSession
{
    [LoggerMessage(1400, LogLevel.Information, "{Name} joined room {Workspace}/{Room} as {Role}")]
    private partial void LogJoined(string name, RoomRole role, string workspace, string room);

    [LoggerMessage(1401, LogLevel.Information, "{Name} left room {Workspace}/{Room}, where it was {Role}")]
    private partial void LogLeft(string name, RoomRole role, string workspace, string room);

    [LoggerMessage(1402, LogLevel.Information, "Nobody was let into room {Workspace}/{Room}: {Reason}")]
    private partial void LogRefused(string workspace, string room, string reason);

    [LoggerMessage(1403, LogLevel.Debug, "{Name}: its beats ended")]
    private partial void LogEnded(string name);
}
