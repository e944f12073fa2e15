using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Silo.Access;
using Armada.Silo.Audit;
using Armada.Silo.Provisioning;
using Armada.Silo.Sequences;
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
        master.MapPut("", PutAsync).Allow(Role.Operator)
            .WithSummary("Bind a device, let a remote program take the lease, or play a sequence")
            .WithDescription(
                "A remote program gets an epoch; with it and its name it commands, at least every 2 seconds or with heartbeats between. "
                + "Asked again by the same caller while its lease lives, it keeps the lease.")
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
        string id,
        MasterBody body,
        IRobotEngine engine,
        RobotReader reader,
        ISequences sequences,
        HttpContext context,
        CancellationToken cancellation)
    {
        var rules = new RequestRules();
        body.Check(rules);
        if (rules.Problem is { } wrong)
            return wrong;
        if (body.Name is { } name)
        {
            var attach = new RobotRequest.AttachRemote(name, body.Takeover, context.Caller().Name);
            return Answer(await engine.ApplyAsync(id, attach, cancellation), reader);
        }

        if (body.Sequence is not { } wanted)
            return Answer(await engine.ApplyAsync(id, new RobotRequest.BindMaster(body.Device!, body.Takeover), cancellation), reader);
        if (await sequences.FindAsync(wanted, cancellation) is not { Sequence: { } sequence })
            return SequenceRoutes.NoSequence(wanted);
        var loop = body.Loop ?? sequence.Loop;
        var motion = new SequenceMotion(sequence with { Loop = loop });
        return Answer(await engine.ApplyAsync(id, new RobotRequest.Play(motion, loop, body.Takeover), cancellation), reader);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, IRobotEngine engine, CancellationToken cancellation) =>
        (await engine.ApplyAsync(id, new RobotRequest.UnbindMaster(), cancellation)).Refused is { } refused
            ? Problem.Refuse(refused)
            : TypedResults.NoContent();

    private static Results<Ok<MasterView>, ProblemHttpResult> Answer(RobotReply reply, RobotReader reader) =>
        reply.Refused is { } refused ? Problem.Refuse(refused) : TypedResults.Ok(reader.Master(reply.Robot!)!);
}
