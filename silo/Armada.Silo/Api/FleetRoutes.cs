using Armada.Domain.Devices;
using Armada.Domain.Engine;
using Armada.Domain.Robots;
using Armada.Domain.Routing;
using Armada.Messaging.Link;
using Armada.Silo.Access;
using Armada.Silo.Audit;
using Armada.Silo.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/fleet: all robots at once.</summary>
internal static class FleetRoutes
{
    /// <summary>Maps the routes.</summary>
    public static void MapFleet(this IEndpointRouteBuilder api)
    {
        var fleet = api.MapGroup("/fleet").WithTags("fleet");
        fleet.MapGet("", GetAsync).Allow(Role.Viewer).WithSummary("The fleet's latch, link and counters");
        fleet.MapPost("/stop", StopAsync).Allow(Role.Operator).Unlimited()
            .WithSummary("Stop every robot, also those made later, until a reset")
            .Refuses(Problem.NotStored)
            .AuditsStop("fleet-stop");
        fleet.MapPost("/reset", ResetAsync).Allow(Role.Operator).Unlimited()
            .WithSummary("Release the fleet's stop; robots with a stop of their own stay stopped")
            .Refuses(Problem.NotStored)
            .AuditsStop("fleet-reset");
    }

    private static async Task<Ok<FleetView>> GetAsync(
        IRobotEngine engine, IMqttLink link, SiloTelemetry telemetry, CancellationToken cancellation) =>
        TypedResults.Ok(await ReadAsync(engine, link, telemetry, cancellation));

    private static Task<Results<Ok<FleetView>, ProblemHttpResult>> StopAsync(
        IRobotEngine engine, IMqttLink link, SiloTelemetry telemetry, CancellationToken cancellation) =>
        LatchAsync(stopped: true, engine, link, telemetry, cancellation);

    private static Task<Results<Ok<FleetView>, ProblemHttpResult>> ResetAsync(
        IRobotEngine engine, IMqttLink link, SiloTelemetry telemetry, CancellationToken cancellation) =>
        LatchAsync(stopped: false, engine, link, telemetry, cancellation);

    private static async Task<Results<Ok<FleetView>, ProblemHttpResult>> LatchAsync(
        bool stopped, IRobotEngine engine, IMqttLink link, SiloTelemetry telemetry, CancellationToken cancellation) =>
        await engine.SetFleetStopAsync(stopped, cancellation) is { } refused
            ? Problem.Refuse(refused)
            : TypedResults.Ok(await ReadAsync(engine, link, telemetry, cancellation));

    private static async Task<FleetView> ReadAsync(
        IRobotEngine engine, IMqttLink link, SiloTelemetry telemetry, CancellationToken cancellation)
    {
        var robots = await engine.ListAsync(cancellation);
        return new FleetView(
            await engine.IsFleetStoppedAsync(cancellation),
            robots.Count,
            robots.Count(robot => robot.Master?.State == MasterState.Live),
            link.State == LinkState.Up,
            telemetry.Frames(DeviceRole.Master, Verdict.Accepted),
            telemetry.Commands,
            telemetry.Drops());
    }
}
