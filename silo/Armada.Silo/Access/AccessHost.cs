using Armada.Core.Engine;
using Armada.Silo.Access.Keys;
using Armada.Silo.Options;
using Armada.Silo.Store;

namespace Armada.Silo.Access;

/// <summary>Loads the keys before the first request, and refuses to serve other machines without authentication.</summary>
internal sealed partial class AccessHost(
    SiloOptions options, KeyRing keys, AnonymousAccess anonymous, TimeProvider time, ILogger<AccessHost> logger) : IHostedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        while (!await TryLoadAsync(cancellationToken))
            await Task.Delay(Pause, time, cancellationToken);
        if (options.AdminKey is { } first && !keys.IsInitialized)
            await keys.AddAsync(first, cancellationToken);
        anonymous.Check();
        if (anonymous.AdmitsAnyone)
            LogOpen();
        else if (anonymous.NeedsAdminKey && !keys.HasGoodAdmin)
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

    [LoggerMessage(1152, LogLevel.Warning, "No request is accepted until the API keys are known: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(1150, LogLevel.Information, "Everyone on this machine is admitted as admin; the first API key ends that")]
    private partial void LogOpen();

    [LoggerMessage(1151, LogLevel.Warning, "There is no valid admin key: create one with 'armada-silo key add', or give --admin-key-file")]
    private partial void LogNoAdmin();
}
