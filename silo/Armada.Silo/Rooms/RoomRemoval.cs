using Armada.Core.Engine;
using Armada.Silo.Access;

namespace Armada.Silo.Rooms;

/// <summary>Removes a room with its robot; the robot tells everybody who is connected that it is gone.</summary>
internal sealed class RoomRemoval(IRobotEngine engine, RoomBoard board, IAuditTrail audit)
{
    /// <summary>Removes a room that was made as one.</summary>
    public async Task<RobotReply> RemoveAsync(Room room, Caller caller, CancellationToken cancellation)
    {
        var robot = room.Robot.Document.Id;
        var reply = await engine.DeleteAsync(robot, cancellation);
        if (reply.Refused is not null)
            return reply;
        board.Forget(robot);
        audit.Record(caller, "robot-removed", robot, $"room {room.Name.Workspace}/{room.Name.Id}");
        await audit.FlushAsync(cancellation);
        return reply;
    }
}
