using Armada.Core.Engine;
using Armada.Mqtt;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/healthz: the process lives. /readyz: it can do its work.</summary>
internal static class HealthRoutes
{
    /// <summary>Maps the routes.</summary>
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => TypedResults.Ok()).WithTags("health").AllowAnonymous().WithSummary("200 while the process lives");
        app.MapGet("/readyz", Ready).WithTags("health").AllowAnonymous()
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
