using Armada.Core.Engine;
using Armada.Core.Routing;
using Armada.Mqtt;
using Armada.Silo.Audit;
using Armada.Silo.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/fleet: all robots at once.</summary>
internal static class FleetRoutes
{
    public static void MapFleet(this IEndpointRouteBuilder api)
    {
        var fleet = api.MapGroup("/fleet").WithTags("fleet");
        fleet.MapGet("", async (FleetReader fleet, CancellationToken cancellation) => TypedResults.Ok(await fleet.ReadAsync(cancellation)))
            .Allow(Role.Viewer).WithSummary("The fleet's latch, link and counters");
        fleet.MapPost("/stop", (FleetReader fleet, CancellationToken cancellation) => fleet.SetStopAsync(stopped: true, cancellation))
            .Allow(Role.Operator).DisableRateLimiting()
            .WithSummary("Stop every robot, including those created later, until a reset")
            .Refuses(Problem.NotStored)
            .AuditsStop("fleet-stop");
        fleet.MapPost("/reset", (FleetReader fleet, CancellationToken cancellation) => fleet.SetStopAsync(stopped: false, cancellation))
            .Allow(Role.Operator).DisableRateLimiting()
            .WithSummary("Release the fleet's stop; robots with a stop of their own stay stopped")
            .Refuses(Problem.NotStored)
            .AuditsStop("fleet-reset");
    }
}

/// <summary>The fleet as a whole: its view and its stop.</summary>
internal sealed class FleetReader(IRobotEngine engine, IMqttLink link, SiloTelemetry telemetry)
{
    public async ValueTask<FleetView> ReadAsync(CancellationToken cancellation) =>
        Read(await engine.ListAsync(cancellation), await engine.IsFleetStoppedAsync(cancellation));

    public async Task<Results<Ok<FleetView>, ProblemHttpResult>> SetStopAsync(bool stopped, CancellationToken cancellation) =>
        await engine.SetFleetStopAsync(stopped, cancellation) is { } refused ? Problem.Refuse(refused) : TypedResults.Ok(await ReadAsync(cancellation));

    public FleetView Read(IReadOnlyList<RobotSnapshot> robots, bool stopped) => new(
        stopped,
        robots.Count,
        robots.Count(robot => robot.Master?.State == MasterState.Live),
        link.State == LinkState.Up,
        telemetry.Frames(DeviceRole.Master, FrameResult.Accepted),
        telemetry.Commands,
        telemetry.Drops());
}

/// <summary>/healthz and /readyz.</summary>
internal static class HealthRoutes
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => TypedResults.Ok()).WithTags("health").AnswersAlways().WithSummary("200 while the process lives");
        app.MapGet("/readyz", Ready).WithTags("health").AnswersAlways()
            .WithSummary("200 when store and link are ready, otherwise 503; the body says which is not")
            .Produces<ReadinessView>()
            .Produces<ReadinessView>(StatusCodes.Status503ServiceUnavailable);
    }

    private static JsonHttpResult<ReadinessView> Ready(IEngineHealth engine, IMqttLink link)
    {
        var up = link.State == LinkState.Up;
        var health = engine.Now;
        var view = new ReadinessView(health.Loaded && up, health.Loaded, up, health.Silos);
        return TypedResults.Json(view, statusCode: view.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
