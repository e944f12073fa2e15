using Armada.Grains.Robots;
using Armada.Silo.Engine;
using Armada.Silo.Mqtt;

namespace Armada.Silo.Cluster;

/// <summary>
/// Moves a robot that stands still to the silo that its master is connected to, so that its samples cross no silo boundary; one without such
/// a master to the silo where Orleans would start it now, so that a silo that joins gets its share.
/// </summary>
internal sealed partial class RobotPlacement(
    IGrainFactory grains,
    HostedRobots robots,
    DeviceRouter router,
    ISiloStatusOracle silos,
    ClusterHealth health,
    TimeProvider time,
    ILogger<RobotPlacement> logger) : PeriodicService(Round, time, logger)
{
    private const int MaxMoves = 5; // A round.

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AtRest = TimeSpan.FromSeconds(3);

    protected override async Task RunOnceAsync(CancellationToken cancellation)
    {
        if (!health.IsMember)
            return;
        var active = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Order().ToArray();
        var moves = robots.All.Where(robot => robot.IsAtRest(AtRest))
            .Select(robot => (robot.Id, To: HomeOf(robot, active)))
            .Where(move => !move.To.Equals(silos.SiloAddress))
            .Take(MaxMoves);
        await Task.WhenAll(moves.Select(move => MoveAsync(move.Id, move.To, cancellation)));
    }

    private SiloAddress HomeOf(RobotRuntime robot, SiloAddress[] active) =>
        robot.MasterDevice is { } master && router.FindEndpoint(master) is { } endpoint && active.Contains(endpoint)
            ? endpoint
            : active[(int)(grains.GetGrain<IRobotGrain>(robot.Id).GetGrainId().GetUniformHashCode() & int.MaxValue) % active.Length];

    private async Task MoveAsync(string robot, SiloAddress to, CancellationToken cancellation)
    {
        try
        {
            await grains.GetGrain<IRobotGrain>(robot).MoveAsync(to).AnswerAsync(robot, cancellation);
            LogMoving(robot, to);
        }
        catch (Core.Engine.EngineUnreachableException unreachable)
        {
            LogNotMoved(unreachable, robot);
        }
    }

    [LoggerMessage(1693, LogLevel.Information, "{Robot} stands still and moves to {Silo}, where its master is connected or fewer robots run")]
    private partial void LogMoving(string robot, SiloAddress silo);

    [LoggerMessage(1694, LogLevel.Debug, "{Robot} was not moved; tried again")]
    private partial void LogNotMoved(Exception unreachable, string robot);
}
