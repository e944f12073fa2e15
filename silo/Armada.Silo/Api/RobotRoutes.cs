using System.Collections.Immutable;
using System.ComponentModel;
using System.Globalization;
using Armada.Core.Engine;
using Armada.Core.Robots.Urdf;
using Armada.Silo.Audit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/robots: create, read, change, delete, stop and reset.</summary>
internal static class RobotRoutes
{
    // A URDF of 1 MiB, with its quotes escaped.
    private const int MaxBodyBytes = 2 * 1024 * 1024;

    public static void MapRobots(this IEndpointRouteBuilder api)
    {
        var robots = api.MapGroup("/robots").WithTags("robots");
        robots.MapGet("", ListAsync).Allow(Role.Viewer).WithSummary("Every robot, by id").Refuses(Problem.Invalid);
        robots.MapPost("", CreateAsync).Allow(Role.Admin).MaxBody(MaxBodyBytes)
            .WithSummary("Create a robot; idempotent for the same content")
            .Refuses(Problem.RobotExists, Problem.NotStored)
            .Audits(null, made: "robot-made");
        robots.MapGet("/{id}", GetAsync).Allow(Role.Viewer)
            .WithSummary("One robot with master, epoch, slaves, states and counters; the ETag is its version")
            .Refuses(Problem.RobotUnknown);
        robots.MapPut("/{id}", PutAsync).Allow(Role.Admin).MaxBody(MaxBodyBytes)
            .WithSummary("Create a robot or change its joints and limits; If-Match: only if unchanged, If-None-Match: * only if new")
            .Refuses(Problem.VersionChanged, Problem.NotStored)
            .Audits("robot-changed", made: "robot-made");
        robots.MapDelete("/{id}", DeleteAsync).Allow(Role.Admin).WithSummary("Unbind a robot's devices and delete it")
            .Refuses(Problem.RobotUnknown, Problem.NotStored)
            .Audits("robot-removed");
        robots.MapGet("/{id}/state", GetStateAsync).Allow(Role.Viewer)
            .WithSummary("Per joint the commanded, virtual and real value, their times, offset, rest position and limits; also per slave")
            .Refuses(Problem.RobotUnknown);
        robots.MapPost("/{id}/stop", (string id, RobotCalls calls, CancellationToken cancellation) => calls.ForRobotAsync(id, new RobotRequest.Stop(), cancellation))
            .Allow(Role.Operator).DisableRateLimiting()
            .WithSummary("Latch the robot's stop; every slave holds until a reset")
            .Refuses(Problem.RobotUnknown, Problem.NotStored)
            .AuditsStop("stop");
        robots.MapPost("/{id}/reset", (string id, RobotCalls calls, CancellationToken cancellation) => calls.ForRobotAsync(id, new RobotRequest.Reset(), cancellation))
            .Allow(Role.Operator).DisableRateLimiting()
            .WithSummary("Release the robot's stop; slaves approach the master's pose first")
            .Refuses(Problem.RobotUnknown, Problem.NotStored)
            .AuditsStop("reset");
    }

    private static async Task<Results<Ok<Page<RobotView>>, ProblemHttpResult>> ListAsync(
        [AsParameters] PageQuery page, IRobotEngine engine, CancellationToken cancellation) =>
        page.Wrong is { } wrong
            ? wrong
            : TypedResults.Ok(page.Of(await engine.ListAsync(cancellation), robot => robot.Document.Id, RobotReader.Robot));

    private static async Task<Results<Created<RobotView>, Ok<RobotView>, ProblemHttpResult>> CreateAsync(
        NewRobot body, IRobotEngine engine, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        rules.Name("id", body.Id);
        return new ShapeReader(rules).Read(body) is { } model
            ? await MakeAsync(body.Id, model, engine, cancellation)
            : rules.Problem!;
    }

    private static async Task<Results<Created<RobotView>, Ok<RobotView>, ProblemHttpResult>> PutAsync(
        string id, RobotSettings body, IRobotEngine engine, HttpContext context, CancellationToken cancellation)
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
            return await MakeAsync(id, model, engine, cancellation);
        var reply = await engine.ApplyAsync(id, new RobotRequest.Configure(model, condition.IfVersion), cancellation);
        if (reply.Refused is { } refused)
            return Problem.Refuse(refused);
        context.Response.Headers.ETag = VersionTag.Of(reply.Robot!.Document.Version);
        return TypedResults.Ok(RobotReader.Robot(reply.Robot));
    }

    private static async Task<Results<Created<RobotView>, Ok<RobotView>, ProblemHttpResult>> MakeAsync(
        string id, RobotModel model, IRobotEngine engine, CancellationToken cancellation)
    {
        var existed = await ExistsAsync(id, engine, cancellation);
        var reply = await engine.CreateAsync(id, model, null, cancellation);
        return reply.Refused is { } refused ? Problem.Refuse(refused)
            : existed ? TypedResults.Ok(RobotReader.Robot(reply.Robot!))
            : TypedResults.Created($"/api/v1/robots/{id}", RobotReader.Robot(reply.Robot!));
    }

    private static async Task<bool> ExistsAsync(string id, IRobotEngine engine, CancellationToken cancellation)
    {
        try
        {
            return await engine.GetAsync(id, cancellation) is not null;
        }
        catch (EngineUnreachableException)
        {
            return false; // What is wrong, and whether another silo can help, creating it says.
        }
    }

    private static async Task<Results<Ok<RobotView>, ProblemHttpResult>> GetAsync(
        string id, IRobotEngine engine, HttpContext context, CancellationToken cancellation)
    {
        if (await engine.GetAsync(id, cancellation) is not { } robot)
            return Problem.NoRobot(id);
        context.Response.Headers.ETag = VersionTag.Of(robot.Document.Version);
        return TypedResults.Ok(RobotReader.Robot(robot));
    }

    private static async Task<Results<Ok<RobotStateView>, ProblemHttpResult>> GetStateAsync(
        string id, IRobotEngine engine, CancellationToken cancellation) =>
        await engine.GetAsync(id, cancellation) is { } robot ? TypedResults.Ok(RobotStateView.Of(robot)) : Problem.NoRobot(id);

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, IRobotEngine engine, CancellationToken cancellation) =>
        (await engine.DeleteAsync(id, cancellation)).Refused is { } refused ? Problem.Refuse(refused) : TypedResults.NoContent();
}

internal sealed record NewRobot(
    [property: Description("1 to 64 of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit.")] string Id,
    string? Model = null,
    IReadOnlyList<JointBody>? Joints = null,
    string? Urdf = null,
    IReadOnlyDictionary<string, int>? ServoIds = null,
    IReadOnlyDictionary<string, double>? Rest = null)
    : RobotSettings(Model, Joints, Urdf, ServoIds, Rest), IAudited
{
    string? IAudited.Subject => Id;
}

/// <summary>The joints a robot is to have: those of a known model, a list, or a URDF's.</summary>
internal record RobotSettings(
    [property: Description("A known model, so100 or so101; or another name, with all its joints or a URDF. Default with a URDF: the URDF's own name.")]
    string? Model = null,
    [property: Description("Of a known model: joints with narrower limits or a servo id; of any other: all joints in the order of its frames.")]
    IReadOnlyList<JointBody>? Joints = null,
    [property: Description("A URDF's XML, up to 1 MiB. Revolute and continuous joints are read, fixed and mimic joints skipped, others refused.")]
    string? Urdf = null,
    [property: Description("With a URDF: servo ids by joint, 0 to 252.")] IReadOnlyDictionary<string, int>? ServoIds = null,
    [property: Description("With a URDF: rest positions by joint, degrees; default: 0 or the nearest limit.")]
    IReadOnlyDictionary<string, double>? Rest = null)
    : IAudited
{
    string? IAudited.Detail => Model ?? "urdf";
}

/// <summary>A joint; what is left out stays as a known model has it.</summary>
internal sealed record JointBody(
    [property: Description("Such as shoulder_pan or, of the same joint, Rotation.")] string Name,
    [property: Description("Unit of all positions; default: degree. Cannot be changed for a known model.")] JointUnit? Unit = null,
    [property: Description("Lowest commanded position; not below a known model's.")] double? Min = null,
    [property: Description("Highest commanded position; not above a known model's.")] double? Max = null,
    [property: Description("Fastest commanded change, units per second, 1 to 360.")] double? MaxVelocity = null,
    [property: Description("Rest position, within the limits; default: 0 or the nearest limit.")] double? Rest = null,
    [property: Description("Default: revolute. Cannot be changed for a known model.")] JointMotion? Motion = null,
    [property: Description("Servo id, 0 to 252, unique within the robot.")] int? ServoId = null);

/// <summary>Builds a robot's model from what a body says of its joints.</summary>
internal sealed class ShapeReader(RequestRules rules)
{
    private const double MinVelocity = 1;
    private const double MaxVelocity = UrdfModel.FastestVelocity; // The STS3215 turns 298.8 °/s without load; more would be no limit.

    public RobotModel? Read(RobotSettings shape)
    {
        var model = shape.Urdf is { } urdf ? ReadUrdf(shape, urdf) : ReadListed(shape);
        if (model is not null && !rules.IsBroken && RobotModelRules.FindProblem(model) is { } problem)
            rules.Add(shape.Joints is null ? "model" : "joints", problem);
        return rules.IsBroken ? null : model;
    }

    private RobotModel? ReadUrdf(RobotSettings shape, string urdf)
    {
        rules.Absent("joints", shape.Joints, "a robot from a URDF");
        if (shape.Model is { } name && RobotModels.TryGet(name, out _))
            rules.Add("model", $"{name} is a known model with its own joints; give the URDF another name or none");
        if (UrdfModel.TryRead(urdf, shape.ServoIds, shape.Rest, out var model, out var problem))
            return shape.Model is null ? model : model with { Name = shape.Model };
        rules.Add("urdf", problem);
        return null;
    }

    private RobotModel? ReadListed(RobotSettings shape)
    {
        rules.Absent("servo_ids", shape.ServoIds, "a robot without a URDF; give a joint its servo_id");
        rules.Absent("rest", shape.Rest, "a robot without a URDF; give a joint its rest");
        if (shape.Model is not { } name)
        {
            rules.Add("model", "is missing; give a known model, the name of another with its joints, or a urdf");
            return null;
        }

        var bodies = shape.Joints ?? [];
        if (RobotModels.TryGet(name, out var known))
        {
            var joints = known.Joints;
            for (var i = 0; i < bodies.Count; i++)
                joints = Narrow(known with { Joints = joints }, bodies[i], PathOf(i));
            return known with { Joints = joints };
        }

        if (bodies.Count == 0)
            rules.Add("model", $"'{name}' is unknown; known are {string.Join(", ", RobotModels.All.Select(model => model.Name))}. List all joints of any other");
        return new RobotModel(name, [.. bodies.Select((body, i) => Whole(body, PathOf(i)))]);
    }

    private ImmutableArray<Joint> Narrow(RobotModel model, JointBody? body, string path)
    {
        var joints = model.Joints;
        if (body is null || model.Find(body.Name) is not (>= 0 and var index))
        {
            rules.Add($"{path}.name", $"'{body?.Name}' is not one of {string.Join(", ", joints.Select(known => known.Name))}");
            return joints;
        }

        var joint = joints[index];
        rules.Absent($"{path}.unit", body.Unit, $"a joint of {model.Name}");
        rules.Absent($"{path}.motion", body.Motion, $"a joint of {model.Name}");
        return joints.SetItem(index, Set(joint, body, joint.Min, joint.Max, path));
    }

    private Joint Whole(JointBody? body, string path)
    {
        if (body is not { Min: not null, Max: not null, MaxVelocity: not null })
            rules.Add(path, "needs name, min, max and max_velocity");
        var (unit, motion) = (body?.Unit ?? JointUnit.Degree, body?.Motion ?? JointMotion.Revolute);
        const double Far = RobotModelRules.MaxPosition;
        var blank = new Joint(body?.Name ?? "", unit, -Far, Far, MinVelocity, 0, motion);
        return body is null ? blank : Set(blank, body, -Far, Far, path);
    }

    private Joint Set(Joint joint, JointBody body, double least, double most, string path)
    {
        var min = rules.Within($"{path}.min", body.Min, least, most) ?? joint.Min;
        var max = rules.Within($"{path}.max", body.Max, least, most) ?? joint.Max;
        if (min >= max)
            rules.Add($"{path}.max", string.Create(CultureInfo.InvariantCulture, $"must be above min, which is {min}"));
        var rest = rules.Within($"{path}.rest", body.Rest, min, max) ?? Math.Clamp(joint.Rest, min, Math.Max(min, max));
        var velocity = rules.Within($"{path}.max_velocity", body.MaxVelocity, MinVelocity, MaxVelocity) ?? joint.MaxVelocity;
        var servo = (int?)rules.Within($"{path}.servo_id", body.ServoId, 0, RobotModelRules.MaxServoId) ?? joint.ServoId;
        return joint with { Min = min, Max = max, MaxVelocity = velocity, Rest = rest, ServoId = servo };
    }

    private static string PathOf(int index) => string.Create(CultureInfo.InvariantCulture, $"joints[{index}]");
}
