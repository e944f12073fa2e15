using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Rooms;
using Armada.Silo.Access;
using Armada.Silo.Options;

namespace Armada.Silo.Rooms;

/// <summary>…/rooms/{room}/state and …/command: where the joints are, and the operator's own commands.</summary>
internal static class RoomStateRoutes
{
    /// <summary>Maps the routes.</summary>
    public static void MapRoomState(this IEndpointRouteBuilder robotics)
    {
        robotics.MapGet("/workspaces/{workspace}/rooms/{room}/state", GetAsync).Allow(Role.Viewer);
        robotics.MapPost("/workspaces/{workspace}/rooms/{room}/command", CommandAsync).Allow(Role.Operator);
    }

    private static async Task<IResult> GetAsync(
        string workspace, string room, RoomCatalog catalog, RoomBoard board, SiloOptions options, CancellationToken cancellation)
    {
        if (await catalog.FindAsync(new RoomName(workspace, room), cancellation) is not { } robot)
            return RoomAnswers.NoRoom;
        var joints = new RoomJoints(robot.Document.Model, options.RoomUnits).Positions(robot);
        var state = new RoomStateView(
            room,
            workspace,
            joints.ToDictionary(joint => joint.Name, joint => joint.Value),
            ParticipantsView.Of(robot),
            RoomWriter.Time(board.Now));
        return RoomAnswers.Ok(new(true, state), RoomsJson.Default.RoomStateAnswer);
    }

    private static async Task<IResult> CommandAsync(
        string workspace,
        string room,
        HttpContext context,
        RoomCatalog catalog,
        RoomBoard board,
        IRobotEngine engine,
        SiloOptions options,
        CancellationToken cancellation)
    {
        if (await catalog.FindAsync(new RoomName(workspace, room), cancellation) is not { } robot)
            return RoomAnswers.NoRoom;
        var faults = new RoomFaults();
        if (RoomBodies.ReadCommand(await context.ReadBodyAsync(cancellation), faults) is not { } asked)
            return RoomAnswers.Faults(faults);
        var goals = Goals(asked, new RoomJoints(robot.Document.Model, options.RoomUnits), faults);
        if (faults.All.Count > 0)
            return RoomAnswers.Faults(faults);

        var reply = await engine.ApplyAsync(robot.Document.Id, new RobotRequest.Manual(new JointCommand([.. goals])), cancellation);
        if (reply.Refused is { } refused)
        {
            return refused.Reason == RefusalReason.PanelLocked
                ? RoomAnswers.Error(StatusCodes.Status409Conflict, $"Room {room}: panel locked by {robot.Master?.Name}; {refused.Text}")
                : RoomAnswers.Refuse(refused);
        }

        var open = board.Of(robot.Document.Id);
        open.Touch(board.Now);
        var after = reply.Robot!;
        open.Learn(after);
        var changed = robot.Joints.Zip(after.Joints).Count(pair => pair.First.Commanded != pair.Second.Commanded);
        return RoomAnswers.Ok(new(true, workspace, room, changed, "Commands sent successfully"), RoomsJson.Default.CommandAnswer);
    }

    private static JointGoal[] Goals(IReadOnlyList<RoomJoint> asked, RoomJoints joints, RoomFaults faults)
    {
        var goals = new SortedDictionary<int, JointGoal>();
        for (var at = 0; at < asked.Count; at++)
        {
            if (joints.Find(asked[at].Name) is var joint and >= 0)
                goals[joint] = joints.Goal(joint, asked[at]);
            else
                faults.Add("enum", $"The robot has no joint of this name; it has {string.Join(", ", joints.Names)}", "body", "joints", at, "name");
        }

        return [.. goals.Values];
    }
}
