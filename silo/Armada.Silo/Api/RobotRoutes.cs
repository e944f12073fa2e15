using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Silo.Access;
using Armada.Silo.Audit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/robots: make, look at, change, remove, stop and reset.</summary>
internal static class RobotRoutes
{
    // A URDF of 1 MiB, with its quotes escaped.
    private const int MaxBodyBytes = 2 * 1024 * 1024;

    /// <summary>Maps the routes.</summary>
    public static void MapRobots(this IEndpointRouteBuilder api)
    {
        var robots = api.MapGroup("/robots").WithTags("robots");
        robots.MapGet("", ListAsync).Allow(Role.Viewer).WithSummary("Every robot, by id").Refuses(Problem.Invalid);
        robots.MapPost("", CreateAsync).Allow(Role.Admin).MaxBody(MaxBodyBytes)
            .WithSummary("Make a robot; asked again with the same content it succeeds again")
            .Refuses(Problem.RobotExists, Problem.NotStored)
            .Audits(null, made: "robot-made");
        robots.MapGet("/{id}", GetAsync).Allow(Role.Viewer)
            .WithSummary("One robot with master, epoch, slaves, states and counters; its version is the ETag")
            .Refuses(Problem.RobotUnknown);
        robots.MapPut("/{id}", PutAsync).Allow(Role.Admin).MaxBody(MaxBodyBytes)
            .WithSummary("Make a robot or change its joints and limits; If-Match: only if it is unchanged, If-None-Match *: only if it is new")
            .Refuses(Problem.VersionChanged, Problem.NotStored)
            .Audits("robot-changed", made: "robot-made");
        robots.MapDelete("/{id}", DeleteAsync).Allow(Role.Admin).WithSummary("Unbind a robot's devices and remove it")
            .Refuses(Problem.RobotUnknown, Problem.NotStored)
            .Audits("robot-removed");
        robots.MapGet("/{id}/state", GetStateAsync).Allow(Role.Viewer)
            .WithSummary("Per joint commanded, virtual and real value, their times, offset, rest and limits; also per slave")
            .Refuses(Problem.RobotUnknown);
        robots.MapPost("/{id}/stop", StopAsync).Allow(Role.Operator).Unlimited()
            .WithSummary("Latch the robot's stop; every slave holds until a reset")
            .Refuses(Problem.RobotUnknown, Problem.NotStored)
            .AuditsStop("stop");
        robots.MapPost("/{id}/reset", ResetAsync).Allow(Role.Operator).Unlimited()
            .WithSummary("Release the robot's stop; slaves approach the master anew")
            .Refuses(Problem.RobotUnknown, Problem.NotStored)
            .AuditsStop("reset");
    }

    private static async Task<Results<Ok<Page<RobotView>>, ProblemHttpResult>> ListAsync(
        [AsParameters] PageQuery page, IRobotEngine engine, RobotReader reader, CancellationToken cancellation) =>
        page.Wrong is { } wrong
            ? wrong
            : TypedResults.Ok(page.Of(await engine.ListAsync(cancellation), robot => robot.Document.Id, reader.Robot));

    private static async Task<Results<Created<RobotView>, Ok<RobotView>, ProblemHttpResult>> CreateAsync(
        NewRobot body, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        rules.Name("id", body.Id);
        return new ShapeReader(rules).Read(body) is { } model
            ? await MakeAsync(body.Id, model, engine, reader, cancellation)
            : rules.Problem!;
    }

    private static async Task<Results<Created<RobotView>, Ok<RobotView>, ProblemHttpResult>> PutAsync(
        string id, RobotSettings body, IRobotEngine engine, RobotReader reader, HttpContext context, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        rules.Name("id", id);
        if (new ShapeReader(rules).Read(body) is not { } model)
            return rules.Problem!;
        var before = await engine.GetAsync(id, cancellation);
        var condition = VersionTag.Condition(context.Request, before?.Document.Version);
        if (condition.Refused is { } changed)
            return changed;
        if (before is null)
            return await MakeAsync(id, model, engine, reader, cancellation);
        var reply = await engine.ApplyAsync(id, new RobotRequest.Configure(model, condition.IfVersion), cancellation);
        if (reply.Refused is { } refused)
            return Problem.Refuse(refused);
        context.Response.Headers.ETag = VersionTag.Of(reply.Robot!.Document.Version);
        return TypedResults.Ok(reader.Robot(reply.Robot));
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
        string id, IRobotEngine engine, RobotReader reader, HttpContext context, CancellationToken cancellation)
    {
        if (await engine.GetAsync(id, cancellation) is not { } robot)
            return Problem.NoRobot(id);
        context.Response.Headers.ETag = VersionTag.Of(robot.Document.Version);
        return TypedResults.Ok(reader.Robot(robot));
    }

    private static async Task<Results<Ok<RobotStateView>, ProblemHttpResult>> GetStateAsync(
        string id, IRobotEngine engine, CancellationToken cancellation) =>
        await engine.GetAsync(id, cancellation) is { } robot ? TypedResults.Ok(RobotStateView.Of(robot)) : Problem.NoRobot(id);

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
