using Armada.Silo.Access;

namespace Armada.Silo.Rooms;

/// <summary>Status, health and clean-up of the rooms.</summary>
internal static class RoomServiceRoutes
{
    private const string ProtocolVersion = "2.0.0"; // Of RobotHub's protocol, not Armada's own.

    /// <summary>Maps the routes under /robotics.</summary>
    public static void MapRoomStatus(this IEndpointRouteBuilder robotics)
    {
        robotics.MapGet("/status", StatusAsync).Allow(Role.Viewer);
        robotics.MapGet("/health", () => RoomAnswers.Ok(new("healthy", "robotics"), RoomsJson.Default.ServiceHealth)).AllowAnonymous();
        robotics.MapGet("/cleanup/status", CleanupStatusAsync).Allow(Role.Viewer);
        robotics.MapPost("/cleanup/manual", CleanUpAsync).Allow(Role.Operator);
    }

    /// <summary>Maps the routes at the top.</summary>
    public static void MapServerHealth(this IEndpointRouteBuilder app)
    {
        // RobotHub's own front end is not served here, so it is not enabled.
        app.MapGet("/health", () => RoomAnswers.Ok(new("healthy", true, false, true), RoomsJson.Default.CombinedHealth))
            .ExcludeFromDescription().AllowAnonymous();
        app.MapGet("/api/health", () => RoomAnswers.Ok(new("healthy", true), RoomsJson.Default.ServerHealth))
            .ExcludeFromDescription().AllowAnonymous();
    }

    private static async Task<IResult> StatusAsync(RoomCatalog catalog, RoomBoard board, CancellationToken cancellation)
    {
        var rooms = await catalog.ListAsync(cancellation);
        var status = new RoomsStatus(
            "robotics",
            "active",
            rooms.Select(room => room.Name.Workspace).Distinct().Count(),
            rooms.Count,
            board.Connections,
            ProtocolVersion,
            ["producer", "consumer"],
            ["so-arm100", "generic"],
            new CleanupSettings(true, RoomCleanup.IdleLimit.TotalHours, RoomCleanup.Every.TotalMinutes));
        return RoomAnswers.Ok(status, RoomsJson.Default.RoomsStatus);
    }

    private static async Task<IResult> CleanupStatusAsync(RoomCleanup cleanup, CancellationToken cancellation) =>
        RoomAnswers.Ok(new(true, await cleanup.ReadAsync(cancellation)), RoomsJson.Default.CleanupStatusAnswer);

    private static async Task<IResult> CleanUpAsync(RoomCleanup cleanup, HttpContext context, CancellationToken cancellation) =>
        RoomAnswers.Ok(new(true, await cleanup.SweepAsync(context.Caller(), cancellation)), RoomsJson.Default.CleanupAnswer);
}
