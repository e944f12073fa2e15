using Armada.Silo.Access.Keys;

namespace Armada.Silo.Access;

/// <summary>Loads the keys before any door opens, and refuses to open one that nobody guards.</summary>
internal sealed partial class AccessHost(KeyRing keys, KeyLoading loading, AnonymousAccess door, ILogger<AccessHost> logger) : IHostedService
{
    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await loading.LoadAsync(cancellationToken);
        door.Check();
        if (door.AdmitsAnyone)
            LogOpen();
        else if (door.NeedsAdminKey && !keys.HasGoodAdmin)
            LogNoAdmin();
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1110, LogLevel.Information, "Everyone on this machine is let in as admin; the first API key ends that")]
    private partial void LogOpen();

    [LoggerMessage(1111, LogLevel.Warning, "No admin key is good: stop the silo and make one with 'armada-silo key add'")]
    private partial void LogNoAdmin();
}
