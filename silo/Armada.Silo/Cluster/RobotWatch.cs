using Armada.Grains.Fleet;
using Armada.Grains.Robots;

namespace Armada.Silo.Cluster;

/// <summary>
/// Sees to it that every robot runs somewhere, although nobody asks for it: at the start, at once after a silo has come or gone, and
/// every few seconds. Nobody hears the samples of a robot that runs nowhere.
/// </summary>
internal sealed partial class RobotWatch(
    IGrainFactory grains, IClusterMembershipService membership, ClusterHealth health, ILogger<RobotWatch> logger)
    : BackgroundService
{
    private const int AtOnce = 100; // Calls under way together, so that a large fleet's return leaves room for others.

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim changed = new(0);

    /// <inheritdoc/>
    public override void Dispose()
    {
        changed.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(FollowMembershipAsync(stoppingToken), WakeAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogEnded();
        }
    }

    private async Task FollowMembershipAsync(CancellationToken cancellation)
    {
        await foreach (var _ in membership.MembershipUpdates.WithCancellation(cancellation))
            changed.Release();
    }

    private async Task WakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var wait = await TryWakeAllAsync(cancellation) ? Round : Retry;
            if (await changed.WaitAsync(wait, cancellation))
                while (changed.Wait(0, CancellationToken.None))
                    LogChanged();
        }
    }

    private async Task<bool> TryWakeAllAsync(CancellationToken cancellation)
    {
        try
        {
            var roll = await grains.GetGrain<IFleetGrain>(IFleetGrain.Key).RollAsync().UntilAsync(cancellation);
            var all = true;
            foreach (var some in roll.Robots.Chunk(AtOnce))
                all &= (await Task.WhenAll(some.Select(robot => TryWakeAsync(robot, cancellation)))).All(woken => woken);
            if (all)
                health.SeeFleet();
            return all;
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            LogUnread(fault);
            return false;
        }
    }

    private async Task<bool> TryWakeAsync(string robot, CancellationToken cancellation)
    {
        try
        {
            await grains.GetGrain<IRobotGrain>(robot).WakeAsync().UntilAsync(cancellation);
            return true;
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            LogAsleep(fault, robot);
            return false;
        }
    }

    [LoggerMessage(1680, LogLevel.Debug, "The watch over the robots ended")]
    private partial void LogEnded();

    [LoggerMessage(1683, LogLevel.Debug, "Several changes of the cluster are looked at together")]
    private partial void LogChanged();

    [LoggerMessage(1681, LogLevel.Warning, "The fleet's directory cannot be read now; tried again")]
    private partial void LogUnread(Exception fault);

    [LoggerMessage(1682, LogLevel.Information, "Robot {Robot} runs nowhere yet; tried again")]
    private partial void LogAsleep(Exception fault, string robot);
}
