using Armada.Core.Engine;
using Armada.Grains.Robots;

namespace Armada.Silo.Cluster;

/// <summary>When this silo is told to stop, it moves its robots to the others before it leaves the cluster.</summary>
internal sealed partial class GracefulDrain(
    IGrainFactory grains, IRobotHosting robots, ISiloStatusOracle silos, TimeProvider time, ILogger<GracefulDrain> logger) : IHostedService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var others = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Where(silo => !silo.Equals(silos.SiloAddress)).Order().ToArray();
        var here = robots.Here;
        if (others.Length == 0 || here.Count == 0)
            return;
        LogBegun(here.Count, others.Length);
        await Task.WhenAll(here.Select((robot, index) => MoveAsync(robot, others[index % others.Length])));
        try
        {
            while (robots.Here.Count > 0)
                await Task.Delay(Look, time, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogLeftBehind(robots.Here.Count); // They begin elsewhere as soon as this silo has left.
        }
    }

    private async Task MoveAsync(string robot, SiloAddress to)
    {
        try
        {
            await grains.GetGrain<IRobotGrain>(robot).HandOverAsync(to);
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
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
