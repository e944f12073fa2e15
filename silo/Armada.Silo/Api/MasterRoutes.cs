using System.ComponentModel;
using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Silo.Audit;
using Armada.Silo.Provisioning;
using Armada.Silo.Sequences;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/robots/{id}/master: who commands the robot.</summary>
internal static class MasterRoutes
{
    public static void MapMaster(this IEndpointRouteBuilder api)
    {
        var master = api.MapGroup("/robots/{id}/master").WithTags("master");
        master.MapGet("", GetAsync).Allow(Role.Viewer).WithSummary("The robot's master").Refuses(Problem.RobotUnknown, Problem.MasterNone);
        master.MapPut("", PutAsync).Allow(Role.Operator)
            .WithSummary("Bind a device, attach a remote program, or play a sequence")
            .WithDescription(
                "A remote program gets an epoch, which its commands carry together with its name; the lease expires 2 seconds after the last command or heartbeat. "
                + "The same caller may repeat the request while its lease lives, and keeps the lease.")
            .Refuses(
                Problem.RobotUnknown,
                Problem.SequenceUnknown,
                Problem.MasterHeld,
                Problem.DeviceBusy,
                Problem.NameTaken,
                Problem.Stopped,
                Problem.NotStored)
            .NeedsRegisteredDevice<MasterBody>(body => body.Device)
            .Audits("master-bound");
        master.MapDelete("", (string id, RobotCalls calls, CancellationToken cancellation) => calls.ApplyAsync(id, new RobotRequest.UnbindMaster(), cancellation))
            .Allow(Role.Operator).WithSummary("Unbind the master, if any; slaves hold their pose")
            .Refuses(Problem.RobotUnknown, Problem.NotStored)
            .Audits("master-unbound");
    }

    private static async Task<Results<Ok<MasterView>, ProblemHttpResult>> GetAsync(
        string id, IRobotEngine engine, CancellationToken cancellation)
    {
        if (await engine.GetAsync(id, cancellation) is not { } robot)
            return Problem.NoRobot(id);
        return RobotReader.Master(robot) is { } master
            ? TypedResults.Ok(master)
            : Problem.MasterNone.Answer($"{id} is in manual control; PUT /api/v1/robots/{id}/master binds one");
    }

    private static async Task<Results<Ok<MasterView>, ProblemHttpResult>> PutAsync(
        string id, MasterBody body, RobotCalls calls, ISequences sequences, HttpContext context, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        body.Check(rules);
        if (rules.Problem is { } wrong)
            return wrong;
        if (body.Name is { } name)
            return await calls.ForMasterAsync(id, new RobotRequest.AttachRemote(name, body.Takeover, context.Caller().Name), cancellation);
        if (body.Sequence is not { } wanted)
            return await calls.ForMasterAsync(id, new RobotRequest.BindMaster(body.Device!, body.Takeover), cancellation);
        if (await sequences.FindAsync(wanted, cancellation) is not { Sequence: { } sequence })
            return SequenceRoutes.NoSequence(wanted);
        var loop = body.Loop ?? sequence.Loop;
        var motion = new SequenceMotion(sequence with { Loop = loop });
        return await calls.ForMasterAsync(id, new RobotRequest.Play(motion, loop, body.Takeover), cancellation);
    }
}

/// <summary>/robots/{id}/command for manual control, and /robots/{id}/master/… for the program or sequence that is master.</summary>
internal static class CommandRoutes
{
    public static void MapCommands(this IEndpointRouteBuilder api)
    {
        var robot = api.MapGroup("/robots/{id}").Allow(Role.Operator);
        robot.MapPost("/command", ManualAsync).WithTags("robots")
            .WithSummary("Move joints under manual control; refused while a master is attached")
            .Refuses(Problem.RobotUnknown, Problem.PanelLocked, Problem.Stopped, Problem.NotStored);
        var master = robot.MapGroup("/master").WithTags("master");
        master.MapPost("/command", CommandAsync).WithSummary("Move joints, as the remote program that holds the lease; also counts as a heartbeat")
            .Refuses(Problem.RobotUnknown, Problem.NotMaster, Problem.Stopped, Problem.NotStored);
        master.MapPost("/heartbeat", HeartbeatAsync).WithSummary("Renew the lease of a remote program without moving")
            .Refuses(Problem.RobotUnknown, Problem.NotMaster, Problem.NotStored);
        master.MapPost("/pause", PauseAsync).WithSummary("Pause the sequence; idempotent")
            .Refuses(Problem.RobotUnknown, Problem.NothingPlays, Problem.NotStored)
            .Audits("motion-paused");
        master.MapPost("/resume", ResumeAsync).WithSummary("Resume the sequence; idempotent")
            .Refuses(Problem.RobotUnknown, Problem.NothingPlays, Problem.Stopped, Problem.NotStored)
            .Audits("motion-resumed");
        master.MapPost("/seek", SeekAsync).WithSummary("Continue the sequence from another position")
            .Refuses(Problem.RobotUnknown, Problem.NothingPlays, Problem.NotStored)
            .Audits("motion-sought");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ManualAsync(
        string id, CommandBody body, RobotCalls calls, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        var command = CommandBody.ToCommand(body.Joints, body.DurationMs, rules);
        return rules.Problem is { } wrong ? wrong : await calls.ApplyAsync(id, new RobotRequest.Manual(command), cancellation);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> CommandAsync(
        string id, RemoteCommandBody body, RobotCalls calls, HttpContext context, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        var command = CommandBody.ToCommand(body.Joints, body.DurationMs, rules);
        if (rules.Problem is { } wrong)
            return wrong;
        return await calls.ApplyAsync(id, new RobotRequest.RemoteCommand(body.Name, body.Epoch, command, context.Caller().Name), cancellation);
    }

    private static Task<Results<NoContent, ProblemHttpResult>> HeartbeatAsync(
        string id, HeartbeatBody body, RobotCalls calls, HttpContext context, CancellationToken cancellation) =>
        calls.ApplyAsync(id, new RobotRequest.RenewLease(body.Name, body.Epoch, context.Caller().Name), cancellation);

    private static Task<Results<Ok<MasterView>, ProblemHttpResult>> PauseAsync(string id, RobotCalls calls, CancellationToken cancellation) =>
        calls.ForMasterAsync(id, new RobotRequest.ControlPlayback(Paused: true, null), cancellation);

    private static Task<Results<Ok<MasterView>, ProblemHttpResult>> ResumeAsync(string id, RobotCalls calls, CancellationToken cancellation) =>
        calls.ForMasterAsync(id, new RobotRequest.ControlPlayback(Paused: false, null), cancellation);

    private static Task<Results<Ok<MasterView>, ProblemHttpResult>> SeekAsync(string id, SeekBody body, RobotCalls calls, CancellationToken cancellation) =>
        calls.ForMasterAsync(id, new RobotRequest.ControlPlayback(null, Milliseconds.ToTime(body.PositionMs)), cancellation);
}

internal sealed record MasterBody(
    [property: Description("device, remote or sequence.")] string Type,
    [property: Description("Of a device: its name; it may be offline and goes live with its first frame.")] string? Device = null,
    [property: Description("Of a remote program: the name it commands under.")] string? Name = null,
    [property: Description("Of a sequence: its id.")] string? Sequence = null,
    [property: Description("Of a sequence: start over at its end; default: as the sequence says.")] bool? Loop = null,
    [property: Description("Replace another master, or take the device from another robot or role.")] bool Takeover = false)
    : IAudited
{
    string? IAudited.Detail
    {
        get
        {
            var what = $"{Type} {Device ?? Name ?? Sequence}";
            return Takeover ? $"{what}, takeover" : what;
        }
    }

    public void Check(RequestRules rules)
    {
        if (!KindNames.TryGet<MasterKind>(Type, out var kind))
        {
            rules.Add("type", $"'{Type}' is unknown; known are {KindNames.All<MasterKind>()}");
            return;
        }

        Member(rules, "device", Device, kind == MasterKind.Device);
        Member(rules, "name", Name, kind == MasterKind.Remote);
        Member(rules, "sequence", Sequence, kind == MasterKind.Sequence);
        if (kind != MasterKind.Sequence)
            rules.Absent("loop", Loop, $"a master of type {Type}");
    }

    private void Member(RequestRules rules, string field, string? value, bool isNeeded)
    {
        if (isNeeded)
            rules.Name(field, value);
        else
            rules.Absent(field, value, $"a master of type {Type}");
    }
}

internal sealed record CommandBody(
    [property: Description("1 to 32, each joint once.")] IReadOnlyList<JointGoalBody> Joints,
    [property: Description("Duration in milliseconds, up to an hour; default or 0: as fast as speeds and limits allow.")] double? DurationMs = null)
{
    public static JointCommand ToCommand(IReadOnlyList<JointGoalBody> joints, double? durationMs, RequestRules rules)
    {
        var goals = JointGoalBody.ToGoals(joints);
        rules.Add(GoalRules.FindProblems(goals, "joints"));
        rules.Within("duration_ms", durationMs, 0, SequenceRules.Longest.TotalMilliseconds);
        return new JointCommand(goals, durationMs is > 0 and { } ms ? Milliseconds.ToTime(ms) : null);
    }
}

internal sealed record RemoteCommandBody(
    [property: Description("The name it was attached under.")] string Name,
    [property: Description("The epoch it was given.")] uint Epoch,
    [property: Description("1 to 32, each joint once.")] IReadOnlyList<JointGoalBody> Joints,
    [property: Description("Duration in milliseconds, up to an hour; default or 0: as fast as speeds and limits allow.")] double? DurationMs = null);

internal sealed record HeartbeatBody(
    [property: Description("The name it was attached under.")] string Name,
    [property: Description("The epoch it was given.")] uint Epoch);

internal sealed record SeekBody([property: Description("Milliseconds from its beginning.")] double PositionMs);
