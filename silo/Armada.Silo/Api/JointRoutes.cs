using Armada.Core.Control;
using Armada.Silo.Audit;
using Armada.Silo.Ingress;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/devices/{id}/joints/{joint}: one joint of one device.</summary>
internal static class JointRoutes
{
    public static void MapJoints(this IEndpointRouteBuilder api) =>
        api.MapPost("/devices/{id}/joints/{joint}/recover", RecoverAsync).Allow(Role.Operator).WithTags("devices")
            .WithSummary("Clear what one joint's servo has latched, as an overload, where it stands; the other joints go on")
            .Refuses(Problem.Invalid, Problem.DeviceRefused, Problem.DeviceSilent)
            .Audits("joint-recovered");

    private static async Task<Results<NoContent, ProblemHttpResult>> RecoverAsync(
        string id, string joint, ControlChannel control, DevicePresences presences, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        rules.Name("id", id);
        if (rules.Problem is { } wrong)
            return wrong;
        var reply = presences.Of(id) is { Online: false } ? null : await control.AskAsync(id, new ControlMessage("", ControlOp.Recover, Joint: joint), cancellation);
        return reply switch
        {
            { Ok: true } => TypedResults.NoContent(),
            null => Problem.DeviceSilent.Answer($"{id} is offline or did not answer; check its agent and its connection, then try again"),
            _ => Problem.DeviceRefused.Answer(reply.Error ?? "it gives no reason"),
        };
    }
}
