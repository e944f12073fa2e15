using Armada.Core.Engine;
using Armada.Core.Robots;
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
        slaves.MapGet("", ListAsync).Allow(Role.Viewer).WithSummary("The robot's slaves and guests, by name").Refuses(Problem.RobotUnknown, Problem.Invalid);
        slaves.MapPost("", PostAsync).Allow(Role.Operator)
            .WithSummary("Bind a slave; asked again it succeeds again, with other offsets, names or address they are changed")
            .Refuses(Problem.RobotUnknown, Problem.DeviceBusy, Problem.NameTaken, Problem.NotStored)
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
        var slaves = All(robot).OrderBy(slave => slave.Binding.Name, StringComparer.Ordinal);
        return TypedResults.Ok(page.Of(slaves, slave => slave.Binding.Name, slave => reader.Slave(robot, slave)));
    }

    private static async Task<Results<Created<SlaveView>, Ok<SlaveView>, ProblemHttpResult>> PostAsync(
        string id, SlaveBody body, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        var kind = body.Check(rules);
        if (rules.Problem is { } wrong)
            return wrong;
        if (await engine.GetAsync(id, cancellation) is not { } before)
            return Problem.NoRobot(id);
        var binding = body.ToBinding(kind, before.Document.Model, rules);
        if (rules.Problem is { } unfit)
            return unfit;
        var existed = before.Slaves.Any(slave => slave.Binding.Name == binding.Name);
        var reply = await engine.ApplyAsync(id, new RobotRequest.BindSlave(binding, body.Takeover), cancellation);
        if (reply.Refused is { } refused)
            return Problem.Refuse(refused);
        var slave = reader.Slave(reply.Robot!, Find(reply.Robot!, binding.Name)!);
        return existed ? TypedResults.Ok(slave) : TypedResults.Created($"/api/v1/robots/{id}/slaves/{binding.Name}", slave);
    }

    private static async Task<Results<Ok<SlaveView>, ProblemHttpResult>> GetAsync(
        string id, string slave, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        if (await engine.GetAsync(id, cancellation) is not { } robot)
            return Problem.NoRobot(id);
        return Find(robot, slave) is { } found
            ? TypedResults.Ok(reader.Slave(robot, found))
            : Problem.SlaveUnknown.Answer($"{slave} is no slave of {id}; GET /api/v1/robots/{id}/slaves lists all");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, string slave, IRobotEngine engine, CancellationToken cancellation) =>
        (await engine.ApplyAsync(id, new RobotRequest.UnbindSlave(slave), cancellation)).Refused is { } refused
            ? Problem.Refuse(refused)
            : TypedResults.NoContent();

    private static SlaveSnapshot? Find(RobotSnapshot robot, string name) => All(robot).FirstOrDefault(slave => slave.Binding.Name == name);

    private static IEnumerable<SlaveSnapshot> All(RobotSnapshot robot) => robot.Slaves.Concat(robot.UnboundSlaves);
}
