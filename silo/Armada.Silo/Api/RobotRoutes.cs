using Armada.Domain.Engine;
using Armada.Domain.Robots;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/robots: make, look at, change, remove, stop and reset.</summary>
internal static class RobotRoutes
{
    /// <summary>Maps the routes.</summary>
    public static void MapRobots(this IEndpointRouteBuilder api)
    {
        var robots = api.MapGroup("/robots").WithTags("robots");
        robots.MapGet("", ListAsync).WithSummary("Every robot");
        robots.MapPost("", CreateAsync).WithSummary("Make a robot; asked again with the same content it succeeds again")
            .Refuses(Problem.Invalid, Problem.NotJson, Problem.TooLarge, Problem.RobotExists, Problem.NotStored);
        robots.MapGet("/{id}", GetAsync).WithSummary("One robot with master, epoch, slaves, states and counters")
            .Refuses(Problem.RobotUnknown);
        robots.MapPut("/{id}", PutAsync).WithSummary("Make a robot or change its joints and limits")
            .Refuses(Problem.Invalid, Problem.NotJson, Problem.TooLarge, Problem.NotStored);
        robots.MapDelete("/{id}", DeleteAsync).WithSummary("Unbind a robot's devices and remove it")
            .Refuses(Problem.RobotUnknown, Problem.NotStored);
        robots.MapGet("/{id}/state", GetStateAsync).WithSummary("Per joint commanded, virtual and real value, times and offsets")
            .Refuses(Problem.RobotUnknown);
        robots.MapPost("/{id}/stop", StopAsync).WithSummary("Latch the robot's stop; every slave holds until a reset")
            .Refuses(Problem.RobotUnknown, Problem.NotStored);
        robots.MapPost("/{id}/reset", ResetAsync).WithSummary("Release the robot's stop; slaves approach the master anew")
            .Refuses(Problem.RobotUnknown, Problem.NotStored);
    }

    private static async Task<Ok<RobotView[]>> ListAsync(IRobotEngine engine, RobotReader reader, CancellationToken cancellation) =>
        TypedResults.Ok((await engine.ListAsync(cancellation)).Select(reader.Robot).ToArray());

    private static async Task<Results<Created<RobotView>, Ok<RobotView>, ProblemHttpResult>> CreateAsync(
        NewRobot body, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        rules.Name("id", body.Id);
        return rules.Model(body.Model, body.Joints) is { } model
            ? await MakeAsync(body.Id, model, engine, reader, cancellation)
            : Problem.WrongFields(rules.Errors);
    }

    private static async Task<Results<Created<RobotView>, Ok<RobotView>, ProblemHttpResult>> PutAsync(
        string id, RobotSettings body, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        rules.Name("id", id);
        if (rules.Model(body.Model, body.Joints) is not { } model)
            return Problem.WrongFields(rules.Errors);
        if (await engine.GetAsync(id, cancellation) is null)
            return await MakeAsync(id, model, engine, reader, cancellation);
        var reply = await engine.ApplyAsync(id, new RobotRequest.Configure(model), cancellation);
        return reply.Refused is { } refused ? Problem.Refuse(refused) : TypedResults.Ok(reader.Robot(reply.Robot!));
    }

    private static async Task<Results<Created<RobotView>, Ok<RobotView>, ProblemHttpResult>> MakeAsync(
        string id, RobotModel model, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        var existed = await engine.GetAsync(id, cancellation) is not null;
        var reply = await engine.CreateAsync(id, model, null, cancellation);
        return reply.Refused is { } refused ? Problem.Refuse(refused)
            : existed ? TypedResults.Ok(reader.Robot(reply.Robot!))
            : TypedResults.Created($"/api/v1/robots/{id}", reader.Robot(reply.Robot!));
    }

    private static async Task<Results<Ok<RobotView>, ProblemHttpResult>> GetAsync(
        string id, IRobotEngine engine, RobotReader reader, CancellationToken cancellation) =>
        await engine.GetAsync(id, cancellation) is { } robot ? TypedResults.Ok(reader.Robot(robot)) : Problem.NoRobot(id);

    private static async Task<Results<Ok<RobotStateView>, ProblemHttpResult>> GetStateAsync(
        string id, IRobotEngine engine, CancellationToken cancellation) =>
        await engine.GetAsync(id, cancellation) is { } robot ? TypedResults.Ok(RobotReader.State(robot)) : Problem.NoRobot(id);

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, IRobotEngine engine, CancellationToken cancellation) =>
        (await engine.DeleteAsync(id, cancellation)).Refused is { } refused ? Problem.Refuse(refused) : TypedResults.NoContent();

    private static Task<Results<Ok<RobotView>, ProblemHttpResult>> StopAsync(
        string id, IRobotEngine engine, RobotReader reader, CancellationToken cancellation) =>
        ApplyAsync(id, new RobotRequest.Stop(), engine, reader, cancellation);

    private static Task<Results<Ok<RobotView>, ProblemHttpResult>> ResetAsync(
        string id, IRobotEngine engine, RobotReader reader, CancellationToken cancellation) =>
        ApplyAsync(id, new RobotRequest.Reset(), engine, reader, cancellation);

    private static async Task<Results<Ok<RobotView>, ProblemHttpResult>> ApplyAsync(
        string id, RobotRequest request, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        var reply = await engine.ApplyAsync(id, request, cancellation);
        return reply.Refused is { } refused ? Problem.Refuse(refused) : TypedResults.Ok(reader.Robot(reply.Robot!));
    }
}
