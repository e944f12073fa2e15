using Armada.Core.Engine;
using Armada.Silo.Access;
using Armada.Silo.Audit;
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

    private static async Task<Ok<FleetView>> GetAsync(FleetReader fleet, CancellationToken cancellation) =>
        TypedResults.Ok(await fleet.ReadAsync(cancellation));

    private static Task<Results<Ok<FleetView>, ProblemHttpResult>> StopAsync(
        IRobotEngine engine, FleetReader fleet, CancellationToken cancellation) =>
        LatchAsync(stopped: true, engine, fleet, cancellation);

    private static Task<Results<Ok<FleetView>, ProblemHttpResult>> ResetAsync(
        IRobotEngine engine, FleetReader fleet, CancellationToken cancellation) =>
        LatchAsync(stopped: false, engine, fleet, cancellation);

    private static async Task<Results<Ok<FleetView>, ProblemHttpResult>> LatchAsync(
        bool stopped, IRobotEngine engine, FleetReader fleet, CancellationToken cancellation) =>
        await engine.SetFleetStopAsync(stopped, cancellation) is { } refused
            ? Problem.Refuse(refused)
            : TypedResults.Ok(await fleet.ReadAsync(cancellation));
}
