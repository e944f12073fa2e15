using Armada.Core.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Access.Keys;

/// <summary>
/// In a cluster: learns soon what other silos changed about the keys, and closes the WebSockets of those that are no longer good. While
/// the cluster cannot be asked, the keys stay as they were last known.
/// </summary>
internal sealed partial class KeyRefresh(KeyRing keys, OpenSockets sockets, TimeProvider time, ILogger<KeyRefresh> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500); // Within a second everybody knows.

    private static readonly TimeSpan PauseWhenLost = TimeSpan.FromSeconds(2);

    private bool isLost;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await RefreshAsync(stoppingToken);
                timer.Period = isLost ? PauseWhenLost : Period;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo ends.
        }
    }

    private async Task RefreshAsync(CancellationToken cancellation)
    {
        try
        {
            if (await keys.RefreshAsync(cancellation))
                sockets.CloseUnauthorized();
            if (isLost)
                LogFound();
            isLost = false;
        }
        catch (Exception lost) when (lost is EngineUnreachableException or NotStoredException)
        {
            sockets.CloseUnauthorized(); // What was read before the fault counts.
            if (!isLost)
                LogLost(lost.Message);
            isLost = true;
        }
    }

    [LoggerMessage(1115, LogLevel.Warning, "The cluster's keys are not known anew; they stay as they were: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(1116, LogLevel.Information, "The cluster's keys are known again")]
    private partial void LogFound();
}
