using Armada.Domain.Engine;
using Armada.Domain.Robots;
using Armada.Silo.Access;
using Armada.Silo.Audit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/robots/{id}/master: who commands the robot.</summary>
internal static class MasterRoutes
{
    /// <summary>Maps the routes.</summary>
    public static void MapMaster(this IEndpointRouteBuilder api)
    {
        var master = api.MapGroup("/robots/{id}/master").WithTags("master");
        master.MapGet("", GetAsync).Allow(Role.Viewer).WithSummary("The robot's master").Refuses(Problem.RobotUnknown, Problem.MasterNone);
        master.MapPut("", PutAsync).Allow(Role.Operator).WithSummary("Bind a device as master; its frames command the robot")
            .Refuses(Problem.RobotUnknown, Problem.MasterHeld, Problem.DeviceBusy, Problem.NotStored)
            .Audits("master-bound");
        master.MapDelete("", DeleteAsync).Allow(Role.Operator).WithSummary("Unbind the master, if any; slaves hold their pose")
            .Refuses(Problem.RobotUnknown, Problem.NotStored)
            .Audits("master-unbound");
    }

    private static async Task<Results<Ok<MasterView>, ProblemHttpResult>> GetAsync(
        string id, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        if (await engine.GetAsync(id, cancellation) is not { } robot)
            return Problem.NoRobot(id);
        return reader.Master(robot) is { } master
            ? TypedResults.Ok(master)
            : Problem.MasterNone.Answer($"{id} is in manual control; PUT /api/v1/robots/{id}/master binds one");
    }

    private static async Task<Results<Ok<MasterView>, ProblemHttpResult>> PutAsync(
        string id, DeviceBinding body, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        rules.Binding(body);
        if (rules.Errors.Count > 0)
            return Problem.WrongFields(rules.Errors);
        var reply = await engine.ApplyAsync(id, new RobotRequest.BindMaster(body.Device, body.Takeover), cancellation);
        return reply.Refused is { } refused ? Problem.Refuse(refused) : TypedResults.Ok(reader.Master(reply.Robot!)!);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, IRobotEngine engine, CancellationToken cancellation) =>
        (await engine.ApplyAsync(id, new RobotRequest.UnbindMaster(), cancellation)).Refused is { } refused
            ? Problem.Refuse(refused)
            : TypedResults.NoContent();
}
