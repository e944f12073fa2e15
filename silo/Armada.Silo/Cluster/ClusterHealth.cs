using Armada.Core.Engine;
using Armada.Grains;

namespace Armada.Silo.Cluster;

/// <summary>
/// Whether this silo knows the fleet, is sure to be a member of its cluster, and reaches storage. After a stall of its own, in which the
/// others may have evicted it, it is unsure until it has read the membership table again.
/// </summary>
internal sealed partial class ClusterHealth(
    IClusterMembershipService membership, ISiloStatusOracle silos, IStoreHealth store, TimeProvider time, ILogger<ClusterHealth> logger)
    : BackgroundService, IEngineHealth
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(2); // The others evict a silo that is silent for about three.
    private static readonly TimeSpan ReadWithin = TimeSpan.FromSeconds(2);

    private volatile bool hasSeenFleet;
    private volatile bool isUnsure;

    public EngineHealth Now => new(hasSeenFleet && IsMember && store.IsReached, silos.GetApproximateSiloStatuses(onlyActive: true).Count);

    /// <summary>Whether this silo is sure to be an active member.</summary>
    public bool IsMember => !isUnsure && silos.CurrentStatus == SiloStatus.Active;

    /// <summary>Every robot of the fleet's directory was seen running.</summary>
    public void SeeFleet() => hasSeenFleet = true;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            for (var before = time.GetTimestamp(); ; before = time.GetTimestamp())
            {
                await Task.Delay(Poll, time, stoppingToken);
                var stalled = time.GetElapsedTime(before);
                if (stalled > Stall)
                {
                    isUnsure = true;
                    LogStalled(stalled.TotalSeconds);
                }

                if (isUnsure)
                    isUnsure = !await TryReadMembershipAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogEnded();
        }
    }

    // Orleans ends the silo where the table says that it is dead.
    private async Task<bool> TryReadMembershipAsync(CancellationToken cancellation)
    {
        try
        {
            await membership.Refresh(default, cancellation).AsTask().WaitAsync(ReadWithin, time, cancellation);
            return silos.CurrentStatus == SiloStatus.Active;
        }
        catch (Exception unread) when (!cancellation.IsCancellationRequested)
        {
            LogUnread(unread);
            return false;
        }
    }

    [LoggerMessage(1685, LogLevel.Warning, "This silo stood still for {Seconds:0.0} s; it is not ready until it has read again whether it is still a member")]
    private partial void LogStalled(double seconds);

    [LoggerMessage(1686, LogLevel.Warning, "The membership table cannot be read; tried again")]
    private partial void LogUnread(Exception unread);

    [LoggerMessage(1687, LogLevel.Debug, "Stalls are no longer watched for")]
    private partial void LogEnded();
}

/// <summary>Ends a silo that was evicted while it hung or was cut off: whoever started it starts it again, with a new identity.</summary>
internal sealed partial class EvictionHandler(ILogger<EvictionHandler> logger) : IFatalErrorHandler
{
    private const int Evicted = 3; // Exit code.

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        LogFatal(exception, context);
        Environment.Exit(Evicted);
    }

    [LoggerMessage(1688, LogLevel.Critical, "This silo cannot stay in its cluster and ends: {Context}")]
    private partial void LogFatal(Exception? exception, string? context);
}
