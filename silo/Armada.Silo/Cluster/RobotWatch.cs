using Armada.Core.Engine;
using Armada.Grains.Fleet;
using Armada.Grains.Robots;
using Armada.Silo.Engine;

namespace Armada.Silo.Cluster;

/// <summary>
/// Makes sure that every robot runs somewhere, although nobody asks for it: at the start, at once after a silo has come or gone, and
/// every few seconds. Nobody hears the samples of a robot that runs nowhere.
/// </summary>
internal sealed partial class RobotWatch(
    IGrainFactory grains, IClusterMembershipService membership, ClusterHealth health, ILogger<RobotWatch> logger)
    : BackgroundService
{
    private const int MaxConcurrent = 100; // So that a large fleet's return leaves room for other calls.

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim changed = new(0);

    public override void Dispose()
    {
        changed.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(FollowMembershipAsync(stoppingToken), RunAsync(stoppingToken));
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

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            // A silo that may have been evicted must not take robots to itself.
            var wait = health.IsMember && await TryEnsureAllAsync(cancellation) ? Round : Retry;
            if (await changed.WaitAsync(wait, cancellation))
                while (changed.Wait(0, CancellationToken.None))
                    LogChanged();
        }
    }

    private async Task<bool> TryEnsureAllAsync(CancellationToken cancellation)
    {
        try
        {
            var directory = await grains.GetGrain<IFleetGrain>(IFleetGrain.Key).ReadAsync().AnswerAsync("the fleet's directory", cancellation);
            var faults = new List<EngineUnreachableException>();
            foreach (var some in directory.Robots.Chunk(MaxConcurrent))
                faults.AddRange((await Task.WhenAll(some.Select(robot => EnsureAsync(robot, cancellation)))).OfType<EngineUnreachableException>());
            if (faults is [var first, ..])
                LogNotRunning(faults.Count, first.Message);
            else
                health.SeeFleet();
            return faults.Count == 0;
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested)
        {
            LogUnread(fault);
            return false;
        }
    }

    // A silo that was lost takes many robots with it, and until it is known to be lost each fails at every try.
    private async Task<EngineUnreachableException?> EnsureAsync(string robot, CancellationToken cancellation)
    {
        try
        {
            await grains.GetGrain<IRobotGrain>(robot).EnsureRunningAsync().AnswerAsync(robot, cancellation);
            return null;
        }
        catch (EngineUnreachableException unreachable)
        {
            return unreachable;
        }
    }

    [LoggerMessage(1680, LogLevel.Debug, "The watch over the robots ended")]
    private partial void LogEnded();

    [LoggerMessage(1683, LogLevel.Debug, "Several changes of the cluster are looked at together")]
    private partial void LogChanged();

    [LoggerMessage(1681, LogLevel.Warning, "The fleet's directory cannot be read; tried again")]
    private partial void LogUnread(Exception fault);

    [LoggerMessage(1682, LogLevel.Information, "{Robots} robots run nowhere yet, tried again; the first of them: {Reason}")]
    private partial void LogNotRunning(int robots, string reason);
}
