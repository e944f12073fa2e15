using Armada.Core.Access;
using Armada.Core.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Access.Keys;

/// <summary>How the ring is filled at the start: from its store, and in a cluster also with the keys made for this silo's own folder.</summary>
internal sealed partial class KeyLoading(KeyRing keys, IKeyStore store, KeyFiles folder, TimeProvider time, ILogger<KeyLoading> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Fills the ring; waits where the cluster does not answer yet.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        while (!await TryLoadAsync(cancellation))
            await Task.Delay(Pause, time, cancellation);
    }

    private async Task<bool> TryLoadAsync(CancellationToken cancellation)
    {
        try
        {
            await keys.RefreshAsync(cancellation);
            if (!ReferenceEquals(store, folder) && await folder.ReadAsync(KeySet.None, cancellation) is { } own)
                await keys.ImportAsync(own, cancellation);
            return true;
        }
        catch (Exception lost) when (lost is EngineUnreachableException or NotStoredException)
        {
            LogWaiting(lost.Message);
            return false;
        }
    }

    [LoggerMessage(1117, LogLevel.Warning, "The doors stay shut until the cluster's keys are known: {Reason}")]
    private partial void LogWaiting(string reason);
}
