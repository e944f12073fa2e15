using System.Text.Json.Nodes;
using Armada.Core.Engine;
using Armada.Core.Rooms;
using Armada.Silo.Options;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>RobotHub's transport protocol: robots as rooms, under the paths of both of its launchers.</summary>
internal static class RoomHost
{
    public static void AddRooms(this IServiceCollection services)
    {
        services.AddSingleton<RoomCatalog>();
        services.AddSingleton<OpenRooms>();
        services.AddSingleton<RoomRemoval>();
        services.AddSingleton<RoomTiming>();
        services.AddSingleton<RoomServices>();
        services.AddHostedSingleton<RoomCleanup>();
    }

    public static void MapRoomEndpoints(this IEndpointRouteBuilder app)
    {
        foreach (var prefix in new[] { "", "/api" })
        {
            var routes = app.MapGroup(prefix).ExcludeFromDescription().AddEndpointFilter(RoomResults.FilterAsync);
            var robotics = routes.MapGroup("/robotics");
            robotics.MapRooms();
            robotics.MapRoomState();
            robotics.MapRoomStatus();
            robotics.MapGet("/workspaces/{workspace}/rooms/{room}/ws", RoomSocket.ServeAsync).Allow(Role.Operator).OnlyWebSockets();
            robotics.MapMissing("Not Found");
            routes.MapGroup("/video").MapMissing("Video rooms are not served here; run RobotHub's own server for them");
        }

        app.MapHealthOfRobotHub();
    }

    private static void MapMissing(this IEndpointRouteBuilder routes, string detail)
    {
        IResult Answer() => RoomResults.Error(StatusCodes.Status404NotFound, detail);
        routes.MapGet("/{**rest}", Answer).Allow(Role.Viewer);
        routes.MapMethods("/{**rest}", ["POST", "PUT", "PATCH", "DELETE"], Answer).Allow(Role.Operator);
    }
}

/// <summary>…/workspaces/{workspace}/rooms</summary>
internal static class RoomRoutes
{
    public static void MapRooms(this IEndpointRouteBuilder robotics)
    {
        robotics.MapGet("/workspaces/{workspace}/rooms", ListAsync).Allow(Role.Viewer);
        robotics.MapPost("/workspaces/{workspace}/rooms", CreateAsync).Allow(Role.Operator);
        robotics.MapGet("/workspaces/{workspace}/rooms/{room}", GetAsync).Allow(Role.Viewer);
        robotics.MapDelete("/workspaces/{workspace}/rooms/{room}", DeleteAsync).Allow(Role.Operator);
    }

    private static async Task<IResult> ListAsync(string workspace, RoomCatalog catalog, CancellationToken cancellation)
    {
        JsonNode?[] rooms = [.. (await catalog.ListAsync(cancellation)).Where(room => room.Name.Workspace == workspace).Select(View)];
        return RoomResults.Ok(new() { ["success"] = true, ["workspace_id"] = workspace, ["rooms"] = new JsonArray(rooms), ["total"] = rooms.Length });
    }

    private static async Task<IResult> CreateAsync(
        string workspace,
        HttpContext context,
        RoomCatalog catalog,
        OpenRooms openRooms,
        IAuditTrail audit,
        CancellationToken cancellation)
    {
        var errors = new RoomRequestErrors();
        errors.CheckId(workspace, "path", "workspace_id");
        var asked = RoomRequestBodies.ReadNewRoom(await context.ReadBodyAsync(cancellation), errors);
        if (asked is null || errors.All.Count > 0)
            return RoomResults.Invalid(errors);

        var name = new RoomName(workspace, asked.RoomId ?? Guid.NewGuid().ToString());
        if (await catalog.FindAsync(name, cancellation) is not null)
            return Created(name, "exists already and was left as it is");
        var reply = await catalog.CreateAsync(name with { MaxConsumers = asked.MaxConsumers }, cancellation);
        if (reply.Refused is { } refused)
            return RoomResults.Refuse(refused);
        var robot = reply.Robot!.Document.Id;
        openRooms.Add(robot);
        audit.Record(context.Caller(), "robot-made", robot, $"room {name.Workspace}/{name.Id}");
        await audit.FlushAsync(cancellation);
        return Created(name, "created successfully");
    }

    private static async Task<IResult> GetAsync(string workspace, string room, RoomCatalog catalog, CancellationToken cancellation)
    {
        var name = new RoomName(workspace, room);
        if (await catalog.FindAsync(name, cancellation) is not { } robot)
            return RoomResults.RoomNotFound;
        var view = View(new Room(name, robot));
        view["has_producer"] = robot.Master is not null;
        view["active_consumers"] = robot.Slaves.Length + robot.UnboundSlaves.Length;
        return RoomResults.Ok(new() { ["success"] = true, ["room"] = view });
    }

    private static async Task<IResult> DeleteAsync(
        string workspace, string room, HttpContext context, RoomCatalog catalog, RoomRemoval removal, CancellationToken cancellation)
    {
        var name = new RoomName(workspace, room);
        if (await catalog.FindAsync(name, cancellation) is not { } robot)
            return RoomResults.RoomNotFound;
        if (robot.Document.Room is null)
        {
            return RoomResults.Error(
                StatusCodes.Status403Forbidden, $"robot {room} was not created as a room; DELETE /api/v1/robots/{room} removes it");
        }

        var reply = await removal.RemoveAsync(new Room(name, robot), context.Caller(), cancellation);
        return reply.Refused is { Reason: RefusalReason.UnknownRobot } ? RoomResults.RoomNotFound
            : reply.Refused is { } refused ? RoomResults.Refuse(refused)
            : RoomResults.Ok(new() { ["success"] = true, ["message"] = $"Room {room} deleted successfully from workspace {workspace}" });
    }

    private static JsonObject View(Room room) => new()
    {
        ["id"] = room.Name.Id,
        ["workspace_id"] = room.Name.Workspace,
        ["participants"] = RoomResults.Participants(room.Robot),
        ["joints_count"] = room.Robot.Joints.Count(joint => RoomJoints.IsCommanded(joint)),
    };

    private static IResult Created(RoomName name, string what) => RoomResults.Ok(new()
    {
        ["success"] = true,
        ["workspace_id"] = name.Workspace,
        ["room_id"] = name.Id,
        ["message"] = $"Room {name.Id} {what} in workspace {name.Workspace}",
    });
}

/// <summary>…/rooms/{room}/state and …/command</summary>
internal static class RoomStateRoutes
{
    public static void MapRoomState(this IEndpointRouteBuilder robotics)
    {
        robotics.MapGet("/workspaces/{workspace}/rooms/{room}/state", GetAsync).Allow(Role.Viewer);
        robotics.MapPost("/workspaces/{workspace}/rooms/{room}/command", CommandAsync).Allow(Role.Operator);
    }

    private static async Task<IResult> GetAsync(
        string workspace, string room, RoomCatalog catalog, OpenRooms openRooms, SiloOptions options, CancellationToken cancellation)
    {
        if (await catalog.FindAsync(new RoomName(workspace, room), cancellation) is not { } robot)
            return RoomResults.RoomNotFound;
        var joints = new RoomJoints(robot.Document.Model, options.RoomUnits).Positions(robot);
        var state = new JsonObject
        {
            ["room_id"] = room,
            ["workspace_id"] = workspace,
            ["joints"] = new JsonObject(joints.Select(joint => KeyValuePair.Create(joint.Name, (JsonNode?)joint.Value))),
            ["participants"] = RoomResults.Participants(robot),
            ["timestamp"] = RoomWriter.Time(openRooms.Now),
        };
        return RoomResults.Ok(new() { ["success"] = true, ["state"] = state });
    }

    private static async Task<IResult> CommandAsync(
        string workspace,
        string room,
        HttpContext context,
        RoomCatalog catalog,
        OpenRooms openRooms,
        IRobotEngine engine,
        SiloOptions options,
        CancellationToken cancellation)
    {
        if (await catalog.FindAsync(new RoomName(workspace, room), cancellation) is not { } robot)
            return RoomResults.RoomNotFound;
        var errors = new RoomRequestErrors();
        if (RoomRequestBodies.ReadCommand(await context.ReadBodyAsync(cancellation), errors) is not { } asked)
            return RoomResults.Invalid(errors);
        var joints = new RoomJoints(robot.Document.Model, options.RoomUnits);
        var goals = joints.ToGoals(asked, (at, _) => errors.Add(
            "enum", $"The robot has no joint of this name; it has {string.Join(", ", joints.Names)}", "body", "joints", at, "name"));
        if (errors.All.Count > 0)
            return RoomResults.Invalid(errors);

        var reply = await engine.ApplyAsync(robot.Document.Id, new RobotRequest.Manual(new JointCommand(goals)), cancellation);
        if (reply.Refused is { } refused)
        {
            return refused.Reason == RefusalReason.PanelLocked
                ? RoomResults.Error(StatusCodes.Status409Conflict, $"Room {room}: panel locked by {robot.Master?.Name}; {refused.Text}")
                : RoomResults.Refuse(refused);
        }

        var open = openRooms.Get(robot.Document.Id);
        open.MarkUsed(openRooms.Now);
        var after = reply.Robot!;
        open.UpdateCommandedJoints(after);
        var changed = robot.Joints.Zip(after.Joints).Count(pair => pair.First.Commanded != pair.Second.Commanded);
        return RoomResults.Ok(new()
        {
            ["success"] = true,
            ["workspace_id"] = workspace,
            ["room_id"] = room,
            ["joints_updated"] = changed,
            ["message"] = "Commands sent successfully",
        });
    }
}

/// <summary>Status, health and cleanup.</summary>
internal static class RoomServiceRoutes
{
    private const string ProtocolVersion = "2.0.0"; // Of RobotHub's protocol, not of Armada.

    public static void MapRoomStatus(this IEndpointRouteBuilder robotics)
    {
        robotics.MapGet("/status", StatusAsync).Allow(Role.Viewer);
        robotics.MapGet("/health", () => RoomResults.Ok(new() { ["status"] = "healthy", ["service"] = "robotics" })).AnswersAlways();
        robotics.MapGet("/cleanup/status", CleanupStatusAsync).Allow(Role.Viewer);
        robotics.MapPost("/cleanup/manual", CleanUpAsync).Allow(Role.Operator);
    }

    public static void MapHealthOfRobotHub(this IEndpointRouteBuilder app)
    {
        // RobotHub's own front end is not served here.
        app.MapGet(
            "/health",
            () => RoomResults.Ok(new() { ["status"] = "healthy", ["server_running"] = true, ["frontend_enabled"] = false, ["api_available"] = true }))
            .AnswersAlways().ExcludeFromDescription();
        app.MapGet("/api/health", () => RoomResults.Ok(new() { ["status"] = "healthy", ["server_running"] = true }))
            .AnswersAlways().ExcludeFromDescription();
    }

    private static async Task<IResult> StatusAsync(RoomCatalog catalog, OpenRooms openRooms, CancellationToken cancellation)
    {
        var rooms = await catalog.ListAsync(cancellation);
        return RoomResults.Ok(new()
        {
            ["service"] = "robotics",
            ["status"] = "active",
            ["workspaces_count"] = rooms.Select(room => room.Name.Workspace).Distinct().Count(),
            ["rooms_count"] = rooms.Count,
            ["connections_count"] = openRooms.Connections,
            ["version"] = ProtocolVersion,
            ["supported_roles"] = new JsonArray("producer", "consumer"),
            ["supported_robot_types"] = new JsonArray("so-arm100", "generic"),
            ["cleanup"] = new JsonObject
            {
                ["enabled"] = true,
                ["inactivity_timeout_hours"] = RoomCleanup.IdleLimit.TotalHours,
                ["cleanup_interval_minutes"] = RoomCleanup.Interval.TotalMinutes,
            },
        });
    }

    private static async Task<IResult> CleanupStatusAsync(RoomCleanup cleanup, CancellationToken cancellation) =>
        TypedResults.Ok(new CleanupStatusAnswer(true, await cleanup.GetStatusAsync(cancellation)));

    private static async Task<IResult> CleanUpAsync(RoomCleanup cleanup, HttpContext context, CancellationToken cancellation) =>
        TypedResults.Ok(new CleanupAnswer(true, await cleanup.SweepAsync(context.Caller(), cancellation)));
}

/// <summary>…/rooms/{room}/ws: a participant's WebSocket.</summary>
internal static class RoomSocket
{
    public static async Task<IResult> ServeAsync(
        HttpContext context, string workspace, string room, RoomServices services, OpenSockets sockets, IHostApplicationLifetime lifetime)
    {
        using var raw = await JsonSocket.AcceptAsync(context, services.Limits);
        using var session = new RoomSession(new RoomName(workspace, room), raw, context.Caller(), services);
        using var open = sockets.Enter(context, session.Close);
        await session.RunAsync(lifetime.ApplicationStopping);
        return TypedResults.Empty;
    }
}
