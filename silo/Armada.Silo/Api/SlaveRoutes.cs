using System.Collections.Immutable;
using System.ComponentModel;
using Armada.Core.Engine;
using Armada.Silo.Audit;
using Armada.Silo.Provisioning;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/robots/{id}/slaves: who executes the robot's commands.</summary>
internal static class SlaveRoutes
{
    public static void MapSlaves(this IEndpointRouteBuilder api)
    {
        var slaves = api.MapGroup("/robots/{id}/slaves").WithTags("slaves");
        slaves.MapGet("", ListAsync).Allow(Role.Viewer).WithSummary("The robot's bound and unbound slaves, by name").Refuses(Problem.RobotUnknown, Problem.Invalid);
        slaves.MapPost("", PostAsync).Allow(Role.Operator)
            .WithSummary("Bind a slave; idempotent, and changes the offsets, names and URL of a bound one")
            .Refuses(Problem.RobotUnknown, Problem.DeviceBusy, Problem.NameTaken, Problem.NotStored)
            .NeedsRegisteredDevice<SlaveBody>(body => body.Device)
            .Audits("slave-bound");
        slaves.MapGet("/{slave}", GetAsync).Allow(Role.Viewer).WithSummary("One slave").Refuses(Problem.RobotUnknown, Problem.SlaveUnknown);
        slaves.MapDelete(
            "/{slave}",
            (string id, string slave, RobotCalls calls, CancellationToken cancellation) => calls.ApplyAsync(id, new RobotRequest.UnbindSlave(slave), cancellation))
            .Allow(Role.Operator).WithSummary("Unbind a slave; it holds its pose")
            .Refuses(Problem.RobotUnknown, Problem.SlaveUnknown, Problem.NotStored)
            .Audits("slave-unbound");
    }

    private static async Task<Results<Ok<Page<SlaveView>>, ProblemHttpResult>> ListAsync(
        string id, [AsParameters] PageQuery page, IRobotEngine engine, CancellationToken cancellation)
    {
        if (page.Wrong is { } wrong)
            return wrong;
        if (await engine.GetAsync(id, cancellation) is not { } robot)
            return Problem.NoRobot(id);
        var slaves = All(robot).OrderBy(slave => slave.Binding.Name, StringComparer.Ordinal);
        return TypedResults.Ok(page.Of(slaves, slave => slave.Binding.Name, slave => RobotReader.Slave(robot, slave)));
    }

    private static async Task<Results<Created<SlaveView>, Ok<SlaveView>, ProblemHttpResult>> PostAsync(
        string id, SlaveBody body, IRobotEngine engine, CancellationToken cancellation)
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
        var slave = RobotReader.Slave(reply.Robot!, Find(reply.Robot!, binding.Name)!);
        return existed ? TypedResults.Ok(slave) : TypedResults.Created($"/api/v1/robots/{id}/slaves/{binding.Name}", slave);
    }

    private static async Task<Results<Ok<SlaveView>, ProblemHttpResult>> GetAsync(
        string id, string slave, IRobotEngine engine, CancellationToken cancellation)
    {
        if (await engine.GetAsync(id, cancellation) is not { } robot)
            return Problem.NoRobot(id);
        return Find(robot, slave) is { } found
            ? TypedResults.Ok(RobotReader.Slave(robot, found))
            : Problem.SlaveUnknown.Answer($"{slave} is not a slave of {id}; GET /api/v1/robots/{id}/slaves lists all");
    }

    private static SlaveSnapshot? Find(RobotSnapshot robot, string name) => All(robot).FirstOrDefault(slave => slave.Binding.Name == name);

    private static IEnumerable<SlaveSnapshot> All(RobotSnapshot robot) => robot.Slaves.Concat(robot.UnboundSlaves);
}

internal sealed record SlaveBody(
    [property: Description("device, micropython, websocket or remote.")] string Type,
    [property: Description("Of a device or MicroPython follower: the device's name; it may be offline.")] string? Device = null,
    [property: Description("Of a WebSocket client or remote robot: the slave's name.")] string? Name = null,
    [property: Description("Of a remote robot: the other service's slave endpoint, ws or wss.")] string? Url = null,
    [property: Description("Calibration offsets by joint, within ±180: added to commands, subtracted from readings.")]
    IReadOnlyDictionary<string, double>? Offsets = null,
    [property: Description("The slave's own joint names by the robot's; not for a device, whose joints are matched by order.")]
    IReadOnlyDictionary<string, string>? JointNames = null,
    [property: Description("Take the device from another robot or role.")] bool Takeover = false)
    : IAudited
{
    public string SlaveName => Device ?? Name ?? "";

    string? IAudited.Detail => Takeover ? $"{Type} {SlaveName}, takeover" : $"{Type} {SlaveName}";

    public SlaveKind Check(RequestRules rules)
    {
        if (!KindNames.TryGet<SlaveKind>(Type, out var kind))
        {
            rules.Add("type", $"'{Type}' is unknown; known are {KindNames.All<SlaveKind>()}");
            return default;
        }

        var isDevice = kind is SlaveKind.Device or SlaveKind.MicroPython;
        rules.Name(isDevice ? "device" : "name", isDevice ? Device : Name);
        rules.Absent(isDevice ? "name" : "device", isDevice ? Name : Device, $"a slave of type {Type}");
        if (kind != SlaveKind.Remote)
            rules.Absent("url", Url, $"a slave of type {Type}");
        else if (Url is null)
            rules.Add("url", "is missing; give the other service's slave endpoint, such as wss://host/ws/slave/arm");
        return kind;
    }

    /// <summary>The binding to a robot of this model; what is wrong with it is left to the robot's own rules, but for unknown joints.</summary>
    public SlaveBinding ToBinding(SlaveKind kind, RobotModel model, RequestRules rules)
    {
        var offsets = ByJoint("offsets", Offsets, model, rules);
        var names = ByJoint("joint_names", JointNames, model, rules);
        var mappings = model.Joints.Select((joint, index) => new JointMapping(joint.Name, offsets.GetValueOrDefault(index), names.GetValueOrDefault(index)));
        return new SlaveBinding(SlaveName, kind, Url, [.. mappings.Where(mapping => mapping.Offset != 0 || mapping.Name is not null)]);
    }

    private static Dictionary<int, T> ByJoint<T>(string field, IReadOnlyDictionary<string, T>? given, RobotModel model, RequestRules rules)
    {
        var found = new Dictionary<int, T>();
        foreach (var (name, value) in given ?? ImmutableDictionary<string, T>.Empty)
        {
            var joint = model.Find(name);
            if (joint < 0)
                rules.Add($"{field}.{name}", $"is not one of {string.Join(", ", model.Joints.Select(one => one.Name))}");
            else if (value is null)
                rules.Add($"{field}.{name}", "is null");
            else if (!found.TryAdd(joint, value))
                rules.Add($"{field}.{name}", "is given under the joint's other name too");
        }

        return found;
    }
}
