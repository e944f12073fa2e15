using Armada.Core.Robots;
using Armada.Silo.Access;

namespace Armada.Silo.Rooms;

/// <summary>…/workspaces/{workspace}/rooms: list, make, look at and remove.</summary>
internal static class RoomRoutes
{
    /// <summary>Maps the routes.</summary>
    public static void MapRooms(this IEndpointRouteBuilder robotics)
    {
        robotics.MapGet("/workspaces/{workspace}/rooms", ListAsync).Allow(Role.Viewer);
        robotics.MapPost("/workspaces/{workspace}/rooms", CreateAsync).Allow(Role.Operator);
        robotics.MapGet("/workspaces/{workspace}/rooms/{room}", GetAsync).Allow(Role.Viewer);
        robotics.MapDelete("/workspaces/{workspace}/rooms/{room}", DeleteAsync).Allow(Role.Operator);
    }

    private static async Task<IResult> ListAsync(string workspace, RoomCatalog catalog, CancellationToken cancellation)
    {
        RoomView[] rooms = [.. (await catalog.ListAsync(cancellation)).Where(room => room.Name.Workspace == workspace).Select(View)];
        return RoomAnswers.Ok(new(true, workspace, rooms, rooms.Length), RoomsJson.Default.RoomListAnswer);
    }

    private static async Task<IResult> CreateAsync(
        string workspace,
        HttpContext context,
        RoomCatalog catalog,
        RoomBoard board,
        IAuditTrail audit,
        CancellationToken cancellation)
    {
        var faults = new RoomFaults();
        faults.Id(workspace, "path", "workspace_id");
        var asked = RoomBodies.ReadNewRoom(await context.ReadBodyAsync(cancellation), faults);
        if (asked is null || faults.All.Count > 0)
            return RoomAnswers.Faults(faults);

        var name = new RoomName(workspace, asked.RoomId ?? Guid.NewGuid().ToString());
        if (await catalog.FindAsync(name, cancellation) is not null)
            return Created(name, "exists already and was left as it is");
        var reply = await catalog.CreateAsync(name with { MaxConsumers = asked.MaxConsumers }, cancellation);
        if (reply.Refused is { } refused)
            return RoomAnswers.Refuse(refused);
        var robot = reply.Robot!.Document.Id;
        board.Add(robot);
        audit.Record(context.Caller(), "robot-made", robot, $"room {name.Workspace}/{name.Id}");
        await audit.FlushAsync(cancellation);
        return Created(name, "created successfully");
    }

    private static async Task<IResult> GetAsync(string workspace, string room, RoomCatalog catalog, CancellationToken cancellation)
    {
        if (await catalog.FindAsync(new RoomName(workspace, room), cancellation) is not { } robot)
            return RoomAnswers.NoRoom;
        var people = ParticipantsView.Of(robot);
        var view = new RoomInfoView(
            room, workspace, people, JointsOf(robot), people.Producer is not null, people.Consumers.Count);
        return RoomAnswers.Ok(new(true, view), RoomsJson.Default.RoomAnswer);
    }

    private static async Task<IResult> DeleteAsync(
        string workspace, string room, HttpContext context, RoomCatalog catalog, RoomRemoval removal, CancellationToken cancellation)
    {
        var name = new RoomName(workspace, room);
        if (await catalog.FindAsync(name, cancellation) is not { } robot)
            return RoomAnswers.NoRoom;
        if (robot.Document.Room is null)
        {
            return RoomAnswers.Error(
                StatusCodes.Status403Forbidden, $"robot {room} was not made as a room; DELETE /api/v1/robots/{room} removes it");
        }

        var reply = await removal.RemoveAsync(new Room(name, robot), context.Caller(), cancellation);
        return reply.Refused is { Reason: RefusalReason.UnknownRobot } ? RoomAnswers.NoRoom
            : reply.Refused is { } refused ? RoomAnswers.Refuse(refused)
            : RoomAnswers.Ok(new(true, $"Room {room} deleted successfully from workspace {workspace}"), RoomsJson.Default.RoomDeletedAnswer);
    }

    private static RoomView View(Room room) =>
        new(room.Name.Id, room.Name.Workspace, ParticipantsView.Of(room.Robot), JointsOf(room.Robot));

    private static int JointsOf(RobotSnapshot robot) => robot.Joints.Count(joint => RoomJoints.IsKnown(joint));

    private static IResult Created(RoomName name, string what) => RoomAnswers.Ok(
        new(true, name.Workspace, name.Id, $"Room {name.Id} {what} in workspace {name.Workspace}"), RoomsJson.Default.RoomCreatedAnswer);
}
