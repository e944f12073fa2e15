using Armada.Domain.Engine;
using Armada.Domain.Robots;
using Armada.Silo.Access;
using Armada.Silo.Audit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/robots/{id}/slaves: who executes the robot's commands.</summary>
internal static class SlaveRoutes
{
    /// <summary>Maps the routes.</summary>
    public static void MapSlaves(this IEndpointRouteBuilder api)
    {
        var slaves = api.MapGroup("/robots/{id}/slaves").WithTags("slaves");
        slaves.MapGet("", ListAsync).Allow(Role.Viewer).WithSummary("The robot's slaves, by name").Refuses(Problem.RobotUnknown, Problem.Invalid);
        slaves.MapPost("", PostAsync).Allow(Role.Operator).WithSummary("Bind a device as slave; asked again it succeeds again")
            .Refuses(Problem.RobotUnknown, Problem.DeviceBusy, Problem.NotStored)
            .Audits("slave-bound");
        slaves.MapGet("/{slave}", GetAsync).Allow(Role.Viewer).WithSummary("One slave").Refuses(Problem.RobotUnknown, Problem.SlaveUnknown);
        slaves.MapDelete("/{slave}", DeleteAsync).Allow(Role.Operator).WithSummary("Unbind a slave; it holds its pose")
            .Refuses(Problem.RobotUnknown, Problem.SlaveUnknown, Problem.NotStored)
            .Audits("slave-unbound");
    }

    private static async Task<Results<Ok<Page<SlaveView>>, ProblemHttpResult>> ListAsync(
        string id, [AsParameters] PageQuery page, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        if (page.Wrong is { } wrong)
            return wrong;
        if (await engine.GetAsync(id, cancellation) is not { } robot)
            return Problem.NoRobot(id);
        var slaves = robot.Slaves.OrderBy(slave => slave.Binding.Name, StringComparer.Ordinal);
        return TypedResults.Ok(page.Of(slaves, slave => slave.Binding.Name, reader.Slave));
    }

    private static async Task<Results<Created<SlaveView>, Ok<SlaveView>, ProblemHttpResult>> PostAsync(
        string id, DeviceBinding body, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        rules.Binding(body);
        if (rules.Errors.Count > 0)
            return Problem.WrongFields(rules.Errors);
        var existed = await engine.GetAsync(id, cancellation) is { } before && Find(before, body.Device) is not null;
        var reply = await engine.ApplyAsync(id, new RobotRequest.BindSlave(body.Device, body.Takeover), cancellation);
        if (reply.Refused is { } refused)
            return Problem.Refuse(refused);
        var slave = reader.Slave(Find(reply.Robot!, body.Device)!);
        return existed ? TypedResults.Ok(slave) : TypedResults.Created($"/api/v1/robots/{id}/slaves/{body.Device}", slave);
    }

    private static async Task<Results<Ok<SlaveView>, ProblemHttpResult>> GetAsync(
        string id, string slave, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        if (await engine.GetAsync(id, cancellation) is not { } robot)
            return Problem.NoRobot(id);
        return Find(robot, slave) is { } found
            ? TypedResults.Ok(reader.Slave(found))
            : Problem.SlaveUnknown.Answer($"{slave} is no slave of {id}; GET /api/v1/robots/{id}/slaves lists all");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, string slave, IRobotEngine engine, CancellationToken cancellation) =>
        (await engine.ApplyAsync(id, new RobotRequest.UnbindSlave(slave), cancellation)).Refused is { } refused
            ? Problem.Refuse(refused)
            : TypedResults.NoContent();

    private static SlaveSnapshot? Find(RobotSnapshot robot, string device) => robot.Slaves.FirstOrDefault(slave => slave.Binding.Name == device);
}
