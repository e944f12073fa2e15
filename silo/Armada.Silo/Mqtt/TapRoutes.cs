using Armada.Core.Topics;
using Armada.Silo.Audit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Mqtt;

/// <summary>/devices/{id}/tap: what one device says and is told, for who would watch its topics at a broker.</summary>
internal static class TapRoutes
{
    public static void MapTap(this IEndpointRouteBuilder api) =>
        api.MapGet("/devices/{id}/tap", Tap).WithTags("devices").Allow(Role.Admin)
            .WithSummary("Decoded frames, control messages and presence of a device as they pass, one line of JSON each; the oldest are left out for a slow reader")
            .Produces(StatusCodes.Status200OK, contentType: "application/x-ndjson")
            .Refuses(Problem.DeviceUnknown, Problem.NoRegistry)
            .Audits("device-tapped");

    private static Results<PushStreamHttpResult, ProblemHttpResult> Tap(
        string id, [Microsoft.AspNetCore.Mvc.FromServices] IServiceProvider services, CancellationToken cancellation)
    {
        if (services.GetService<DeviceEndpoint>() is not { } endpoint)
            return Problem.NoRegistry.Answer("devices are connected to another broker; watch their topics there");
        if (!DeviceName.IsValid(id))
            return Problem.DeviceUnknown.Answer($"'{id}' is no device name");
        return TypedResults.Stream(
            output => endpoint.TapAsync(id, output, cancellation), "application/x-ndjson");
    }
}
