using Armada.Core.Engine;
using Armada.Silo.Access.Keys;
using Armada.Silo.Store;

namespace Armada.Silo.Access;

/// <summary>Loads the keys before any door opens, and refuses to open one that nobody guards.</summary>
internal sealed partial class AccessHost(KeyRing keys, AnonymousAccess door, TimeProvider time, ILogger<AccessHost> logger) : IHostedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        while (!await TryLoadAsync(cancellationToken))
            await Task.Delay(Pause, time, cancellationToken);
        door.Check();
        if (door.AdmitsAnyone)
            LogOpen();
        else if (door.NeedsAdminKey && !keys.HasGoodAdmin)
            LogNoAdmin();
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> TryLoadAsync(CancellationToken cancellation)
    {
        try
        {
            await keys.RefreshAsync(cancellation);
            return true;
        }
        catch (Exception lost) when (lost is EngineUnreachableException or NotStoredException)
        {
            LogWaiting(lost.Message);
            return false;
        }
    }

    [LoggerMessage(1117, LogLevel.Warning, "No request is accepted until the API keys are known: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(1110, LogLevel.Information, "Everyone on this machine is let in as admin; the first API key ends that")]
    private partial void LogOpen();

    [LoggerMessage(1111, LogLevel.Warning, "No admin key is good: stop the silo and make one with 'armada-silo key add'")]
    private partial void LogNoAdmin();
}
