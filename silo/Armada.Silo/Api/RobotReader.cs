using Armada.Core.Control;
using Armada.Core.Engine;
using Armada.Core.Routing;
using Armada.Silo.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>Builds the API's views of a robot from its snapshot.</summary>
internal static class RobotReader
{
    public static RobotView Robot(RobotSnapshot robot) => new(
        robot.Document.Id,
        robot.Document.Model.Name,
        robot.Document.Stopped,
        robot.FleetStopped,
        robot.Manual,
        robot.Document.Epoch,
        robot.Document.Version,
        Master(robot),
        [.. robot.Slaves.Concat(robot.UnboundSlaves).Select(slave => Slave(robot, slave))],
        robot.Document.Model.Joints,
        !robot.IsReachable);

    public static MasterView? Master(RobotSnapshot robot) => robot.Master is not { } master ? null : new(
        KindNames.Of(master.Kind),
        master.Name,
        master.State,
        master.Epoch,
        PlayingView.Of(master.Playing),
        master.Age?.TotalMilliseconds,
        master.FramesPerSecond,
        master.Fault,
        Frames(master.Frames),
        Device(master.Reported));

    public static SlaveView Slave(RobotSnapshot robot, SlaveSnapshot slave) => new(
        KindNames.Of(slave.Binding.Kind),
        slave.Binding.Name,
        robot.UnboundSlaves.Contains(slave),
        slave.Binding.Url,
        slave.Binding.JointMappings.Where(tune => tune.Offset != 0).ToDictionary(tune => tune.Joint, tune => tune.Offset),
        slave.Binding.JointMappings.Where(tune => tune.Name is not null).ToDictionary(tune => tune.Joint, tune => tune.Name!),
        slave.State,
        slave.Reason,
        slave.Approaching,
        slave.Age?.TotalMilliseconds,
        slave.FramesPerSecond,
        slave.Fault,
        slave.Commands,
        slave.LagMs,
        slave.Unconfirmed?.Op switch { ControlOp.Stop => "stop", ControlOp.Reset => "reset", _ => null },
        slave.Unconfirmed?.Refusal,
        Frames(slave.Frames),
        Device(slave.Reported));

    private static Dictionary<string, long> Frames(FrameCounts counts)
    {
        var frames = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var verdict in Enum.GetValues<FrameResult>())
            frames[SiloTelemetry.NameOf(verdict)] = counts[verdict];
        frames["lost"] = counts.Lost;
        return frames;
    }

    private static DeviceView? Device(DeviceReport? said) => said is null ? null : new(
        said.Online,
        Times.Of(said.At),
        said.Kind,
        said.Agent,
        said.State,
        said.Voltage,
        said.Temperatures.IsDefault ? null : said.Temperatures,
        said.Faults.IsDefault ? null : said.Faults,
        said.HasSecondPath ? said.Paths : null,
        said.Playout);
}

/// <summary>Asks something of a robot, and answers with the part of it that changed, or why it was refused.</summary>
internal sealed class RobotCalls(IRobotEngine engine)
{
    public async Task<Results<NoContent, ProblemHttpResult>> ApplyAsync(string id, RobotRequest request, CancellationToken cancellation) =>
        (await engine.ApplyAsync(id, request, cancellation)).Refused is { } refused ? Problem.Refuse(refused) : TypedResults.NoContent();

    public Task<Results<Ok<RobotView>, ProblemHttpResult>> ForRobotAsync(string id, RobotRequest request, CancellationToken cancellation) =>
        ForAsync(id, request, RobotReader.Robot, cancellation);

    public Task<Results<Ok<MasterView>, ProblemHttpResult>> ForMasterAsync(string id, RobotRequest request, CancellationToken cancellation) =>
        ForAsync(id, request, robot => RobotReader.Master(robot)!, cancellation);

    private async Task<Results<Ok<TView>, ProblemHttpResult>> ForAsync<TView>(
        string id, RobotRequest request, Func<RobotSnapshot, TView> view, CancellationToken cancellation)
    {
        var reply = await engine.ApplyAsync(id, request, cancellation);
        return reply.Refused is { } refused ? Problem.Refuse(refused) : TypedResults.Ok(view(reply.Robot!));
    }
}
