using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Silo.Access;
using Armada.Silo.Audit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>/robots/{id}/command, from the panel, and what a master of the silo's own or a remote one is told: commands, pause, seek.</summary>
internal static class CommandRoutes
{
    /// <summary>Maps the routes.</summary>
    public static void MapCommands(this IEndpointRouteBuilder api)
    {
        var robot = api.MapGroup("/robots/{id}").Allow(Role.Operator);
        robot.MapPost("/command", ManualAsync).WithTags("robots")
            .WithSummary("Move joints by hand, from a panel; refused while a master's lease lives")
            .Refuses(Problem.RobotUnknown, Problem.PanelLocked, Problem.Stopped, Problem.NotStored);
        var master = robot.MapGroup("/master").WithTags("master");
        master.MapPost("/command", CommandAsync).WithSummary("Move joints, as the remote program that holds the lease; also a sign of life")
            .Refuses(Problem.RobotUnknown, Problem.NotMaster, Problem.Stopped, Problem.NotStored);
        master.MapPost("/heartbeat", HeartbeatAsync).WithSummary("Keep the lease of a remote program without moving")
            .Refuses(Problem.RobotUnknown, Problem.NotMaster, Problem.NotStored);
        master.MapPost("/pause", PauseAsync).WithSummary("Let the sequence stand still where it is; asked again it is the same")
            .Refuses(Problem.RobotUnknown, Problem.NothingPlays, Problem.NotStored)
            .Audits("motion-paused");
        master.MapPost("/resume", ResumeAsync).WithSummary("Let the sequence go on; asked again it is the same")
            .Refuses(Problem.RobotUnknown, Problem.NothingPlays, Problem.Stopped, Problem.NotStored)
            .Audits("motion-resumed");
        master.MapPost("/seek", SeekAsync).WithSummary("Let the sequence go on from another time of it")
            .Refuses(Problem.RobotUnknown, Problem.NothingPlays, Problem.NotStored)
            .Audits("motion-sought");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ManualAsync(
        string id, CommandBody body, IRobotEngine engine, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        var command = body.ToCommand(rules);
        return rules.Problem is { } wrong ? wrong : await TellAsync(id, new RobotRequest.Manual(command), engine, cancellation);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> CommandAsync(
        string id, RemoteCommandBody body, IRobotEngine engine, HttpContext context, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        var command = CommandBody.ToCommand(body.Joints, body.DurationMs, rules);
        if (rules.Problem is { } wrong)
            return wrong;
        var request = new RobotRequest.RemoteCommand(body.Name, body.Epoch, command, context.Caller().Name);
        return await TellAsync(id, request, engine, cancellation);
    }

    private static Task<Results<NoContent, ProblemHttpResult>> HeartbeatAsync(
        string id, HeartbeatBody body, IRobotEngine engine, HttpContext context, CancellationToken cancellation) =>
        TellAsync(id, new RobotRequest.RenewLease(body.Name, body.Epoch, context.Caller().Name), engine, cancellation);

    private static Task<Results<Ok<MasterView>, ProblemHttpResult>> PauseAsync(
        string id, IRobotEngine engine, RobotReader reader, CancellationToken cancellation) =>
        ControlPlaybackAsync(id, new RobotRequest.ControlPlayback(Paused: true, null), engine, reader, cancellation);

    private static Task<Results<Ok<MasterView>, ProblemHttpResult>> ResumeAsync(
        string id, IRobotEngine engine, RobotReader reader, CancellationToken cancellation) =>
        ControlPlaybackAsync(id, new RobotRequest.ControlPlayback(Paused: false, null), engine, reader, cancellation);

    private static Task<Results<Ok<MasterView>, ProblemHttpResult>> SeekAsync(
        string id, SeekBody body, IRobotEngine engine, RobotReader reader, CancellationToken cancellation) =>
        ControlPlaybackAsync(id, new RobotRequest.ControlPlayback(null, Milliseconds.ToTime(body.PositionMs)), engine, reader, cancellation);

    private static async Task<Results<NoContent, ProblemHttpResult>> TellAsync(
        string id, RobotRequest request, IRobotEngine engine, CancellationToken cancellation) =>
        (await engine.ApplyAsync(id, request, cancellation)).Refused is { } refused ? Problem.Refuse(refused) : TypedResults.NoContent();

    private static async Task<Results<Ok<MasterView>, ProblemHttpResult>> ControlPlaybackAsync(
        string id, RobotRequest.ControlPlayback steer, IRobotEngine engine, RobotReader reader, CancellationToken cancellation)
    {
        var reply = await engine.ApplyAsync(id, steer, cancellation);
        return reply.Refused is { } refused ? Problem.Refuse(refused) : TypedResults.Ok(reader.Master(reply.Robot!)!);
    }
}
