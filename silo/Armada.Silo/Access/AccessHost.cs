using System.Text.Json;
using Armada.Core.Access;
using Armada.Silo.Access.Keys;
using Armada.Silo.Options;

namespace Armada.Silo.Access;

/// <summary>Loads the keys before the first request, and refuses to serve other machines without authentication.</summary>
internal sealed partial class AccessHost(
    SiloOptions options, KeyRing keys, KeyLoading loading, AnonymousAccess anonymous, ILogger<AccessHost> logger) : IHostedService
{
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

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1500, LogLevel.Information, "Everyone on this machine is admitted as admin; the first API key ends that")]
    private partial void LogOpen();

    [LoggerMessage(1501, LogLevel.Warning, "There is no valid admin key: create one with 'armada-silo key add', or give --admin-key-file")]
    private partial void LogNoAdmin();
}

/// <summary>Who is admitted without a key or token, and which keys must remain so that somebody can be admitted at all.</summary>
internal sealed class AnonymousAccess(SiloOptions options, KeyRing keys)
{
    /// <summary>
    /// Whether everyone is admitted, as admin: on loopback, where it was asked for, or as long as there never was a key and there is no
    /// OpenID Connect provider.
    /// </summary>
    public bool AdmitsAnyone => options.Http.IsLoopback && (options.Http.Open || (!keys.IsInitialized && options.Oidc is null));

    /// <summary>Whether nobody could create keys without a valid admin key.</summary>
    public bool NeedsAdminKey => !options.Http.Open && options.Oidc is null;

    /// <exception cref="SiloOptionsException">Other machines reach the silo, and nobody could be told from anybody else.</exception>
    public void Check()
    {
        if (!options.Http.IsLoopback && NeedsAdminKey && !keys.HasGoodAdmin)
        {
            throw new SiloOptionsException(
                $"{options.Http.PublicUrl} is reached by other machines and there is no valid admin key: create one with "
                + $"'armada-silo key add --name NAME --role admin --data {options.DataDirectory}', give --admin-key-file, or give --oidc-authority and --oidc-audience");
        }
    }
}
