using System.Collections.Immutable;
using Armada.Core.Devices;
using Armada.Silo.Access.Keys;
using Armada.Silo.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Provisioning;

/// <summary>The enrollment tokens, one document each. A token is good once and for a short time; one that is over is removed a day later.</summary>
internal sealed partial class EnrollmentTokens : IDisposable
{
    /// <summary>Most tokens at once.</summary>
    public const int Most = 1000;

    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    private readonly TimeProvider time;
    private readonly ILogger<EnrollmentTokens> logger;
    private readonly DocumentFiles files;
    private readonly string folder;
    private readonly SemaphoreSlim changing = new(1);
    private ImmutableDictionary<string, EnrollmentToken> tokens;

    /// <summary>In the silo's folder.</summary>
    public EnrollmentTokens(DataFolder data, TimeProvider time, ILogger<EnrollmentTokens> logger)
    {
        (this.time, this.logger) = (time, logger);
        files = new DocumentFiles(logger);
        folder = data.Folder("enrollment");
        tokens = files.ReadAll(folder, EnrollmentJson.Default.EnrollmentToken, (token, name) => token.Fault(name))
            .ToImmutableDictionary(token => token.Id, StringComparer.Ordinal);
    }

    /// <summary>Every token that is kept.</summary>
    public IEnumerable<EnrollmentToken> All => Volatile.Read(ref tokens).Values;

    /// <summary>Whether a token can be used now for the first time.</summary>
    public bool IsGood(EnrollmentToken token) => token.Use is null && time.GetUtcNow() < token.ExpiresAt;

    /// <summary>The token of a text, used or not; null where there is none or its time is over.</summary>
    public EnrollmentToken? Find(string text) =>
        KeySecret.TryRead(text, out var id, out var hash)
        && Volatile.Read(ref tokens).TryGetValue(id, out var token)
        && KeySecret.IsSame(token.Hash, hash)
        && time.GetUtcNow() < token.ExpiresAt
            ? token
            : null;

    /// <summary>Makes a token; null where there are too many.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public async Task<(EnrollmentToken Token, string Text)?> MakeAsync(
        DeviceKind kind, BoardRole? role, string? site, string? name, TimeSpan life, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        var now = time.GetUtcNow();
        foreach (var over in tokens.Values.Where(token => token.ExpiresAt + Kept <= now).ToArray())
            await RemoveAsync(over.Id);
        if (tokens.Count >= Most)
            return null;
        var (id, text, hash) = KeySecret.Make();
        var token = new EnrollmentToken(
            EnrollmentToken.Current, id, hash, DeviceKinds.NameOf(kind), role, site, name, now, now + life, Use: null);
        await StoreAsync(token);
        LogMade(id, token.Kind, token.ExpiresAt);
        return (token, text);
    }

    /// <summary>Removes a token; false where there is none.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        if (!tokens.ContainsKey(id))
            return false;
        await RemoveAsync(id);
        return true;
    }

    /// <summary>
    /// Gives a token to a device and its key, durably; asked again for the same it is so already. False where it is another's, or gone.
    /// </summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public async Task<bool> TryUseAsync(string id, string device, string keyHash, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        if (!tokens.TryGetValue(id, out var token))
            return false;
        if (token.Use is { } use)
            return use.Device == device && use.KeyHash == keyHash;
        await StoreAsync(token with { Use = new TokenUse(device, keyHash, Done: false) });
        return true;
    }

    /// <summary>Notes that the device got its identity.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public Task DoneAsync(string id) => ChangeUseAsync(id, use => use with { Done = true });

    /// <summary>Gives a token back that nobody got an identity with.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public Task GiveBackAsync(string id) => ChangeUseAsync(id, use => use.Done ? use : null);

    /// <inheritdoc/>
    public void Dispose()
    {
        files.Dispose();
        changing.Dispose();
    }

    private async Task ChangeUseAsync(string id, Func<TokenUse, TokenUse?> change)
    {
        using var pass = await changing.EnterAsync(CancellationToken.None);
        if (tokens.TryGetValue(id, out var token) && token.Use is { } use && change(use) is var next && next != use)
            await StoreAsync(token with { Use = next });
    }

    private async Task StoreAsync(EnrollmentToken token)
    {
        await files.WriteAsync(PathOf(token.Id), token, EnrollmentJson.Default.EnrollmentToken, CancellationToken.None);
        Volatile.Write(ref tokens, tokens.SetItem(token.Id, token));
    }

    private async Task RemoveAsync(string id)
    {
        await files.DeleteAsync(PathOf(id), CancellationToken.None);
        Volatile.Write(ref tokens, tokens.Remove(id));
    }

    private string PathOf(string id) => Path.Combine(folder, id + ".json");

    [LoggerMessage(1740, LogLevel.Information, "Enrollment token {Id} was made for a {Kind}, good until {ExpiresAt}")]
    private partial void LogMade(string id, string kind, DateTimeOffset expiresAt);
}
