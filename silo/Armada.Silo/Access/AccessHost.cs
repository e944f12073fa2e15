using System.Text.Json;
using Armada.Core.Access;
using Armada.Silo.Access.Keys;
using Armada.Silo.Options;

namespace Armada.Silo.Access;

/// <summary>Loads the keys before the first request, and refuses to serve other machines without authentication.</summary>
internal sealed partial class AccessHost(
    SiloOptions options, KeyRing keys, KeyLoading loading, AnonymousAccess anonymous, ILogger<AccessHost> logger) : IHostedService
{
    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await loading.LoadAsync(cancellationToken);
        if (options.AdminKey is { } first && !keys.IsInitialized)
            await keys.ImportAsync(new KeySet(0, [new(first.Id, JsonSerializer.Serialize(new StoredKey(StoredKey.Known, first), StoredKeyJson.Default.StoredKey))], [], IsInitialized: true), cancellationToken);
        anonymous.Check();
        if (anonymous.AdmitsAnyone)
            LogOpen();
        else if (anonymous.NeedsAdminKey && !keys.HasGoodAdmin)
            LogNoAdmin();
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1150, LogLevel.Information, "Everyone on this machine is admitted as admin; the first API key ends that")]
    private partial void LogOpen();

    [LoggerMessage(1151, LogLevel.Warning, "There is no valid admin key: create one with 'armada-silo key add', or give --admin-key-file")]
    private partial void LogNoAdmin();
}
