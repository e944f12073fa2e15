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

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        while (!await TryLoadAsync(cancellationToken))
            await Task.Delay(Pause, time, cancellationToken);
        if (options.AdminKey is { } first && !keys.IsInitialized)
            await keys.AddAsync(first, cancellationToken);
        anonymous.Check();
        if (anonymous.AdmitsAnyone)
            LogOpen();
        else if (anonymous.NeedsAdminKey && !keys.HasValidAdmin)
            LogNoAdmin();
    }

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

    [LoggerMessage(1502, LogLevel.Warning, "No request is accepted until the API keys are known: {Reason}")]
    private partial void LogWaiting(string reason);

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
        if (!options.Http.IsLoopback && NeedsAdminKey && !keys.HasValidAdmin)
        {
            throw new SiloOptionsException(
                $"{options.Http.PublicUrl} is reached by other machines and there is no valid admin key: create one with "
                + $"'armada-silo key add --name NAME --role admin --data {options.DataDirectory}', give --admin-key-file, or give --oidc-authority and --oidc-audience");
        }
    }
}
