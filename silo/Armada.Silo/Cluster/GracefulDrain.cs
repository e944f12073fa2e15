using Armada.Grains.Robots;
using Armada.Silo.Engine;

namespace Armada.Silo.Cluster;

/// <summary>When this silo is told to stop, it moves its robots to the others before it leaves the cluster.</summary>
internal sealed partial class GracefulDrain(
    IGrainFactory grains, HostedRobots robots, ISiloStatusOracle silos, TimeProvider time, ILogger<GracefulDrain> logger) : IHostedService
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var others = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Where(silo => !silo.Equals(silos.SiloAddress)).Order().ToArray();
        var here = robots.All.Select(robot => robot.Id).ToArray();
        if (others.Length == 0 || here.Length == 0)
            return;
        LogBegun(here.Length, others.Length);
        await Task.WhenAll(here.Select((robot, index) => MoveAsync(robot, others[index % others.Length])));
        try
        {
            while (robots.Count > 0)
                await Task.Delay(Poll, time, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogLeftBehind(robots.Count); // They start elsewhere as soon as this silo has left.
        }
    }

    private async Task MoveAsync(string robot, SiloAddress to)
    {
        try
        {
            await grains.GetGrain<IRobotGrain>(robot).MoveAsync(to);
        }
        catch (Exception fault) when (GrainCalls.IsTransient(fault))
        {
            LogNotMoved(fault, robot);
        }
    }

    [LoggerMessage(1690, LogLevel.Information, "{Robots} robots move to {Silos} other silos")]
    private partial void LogBegun(int robots, int silos);

    [LoggerMessage(1691, LogLevel.Warning, "{Robots} robots have not moved in time")]
    private partial void LogLeftBehind(int robots);

    [LoggerMessage(1692, LogLevel.Warning, "Robot {Robot} could not be moved")]
    private partial void LogNotMoved(Exception fault, string robot);
}
