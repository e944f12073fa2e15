using Armada.Core.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Access.Keys;

/// <summary>
/// Learns within a second what other silos and the command line changed about the keys, and closes the WebSockets of those that are no
/// longer valid. While storage cannot be read, the keys stay as they were last known.
/// </summary>
internal sealed partial class KeyRefresh(KeyRing keys, OpenSockets sockets, TimeProvider time, ILogger<KeyRefresh> logger)
    : PeriodicService(TimeSpan.FromMilliseconds(500), time, logger)
{
    private readonly ILogger logger = logger;
    private bool isLost;

    protected override async Task RunOnceAsync(CancellationToken cancellation)
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
