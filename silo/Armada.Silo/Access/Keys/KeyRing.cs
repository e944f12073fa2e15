using System.Collections.Immutable;
using System.Text.Json;
using Armada.Core.Access;
using Armada.Core.Engine;
using Armada.Silo.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Access.Keys;

/// <summary>
/// Every API key, in memory and one document each in a store, which in a cluster is the same for all silos. Doors ask the memory alone.
/// Members may be called from any thread.
/// </summary>
internal sealed partial class KeyRing(IKeyStore store, TimeProvider time, ILogger<KeyRing> logger) : IDisposable
{
    /// <summary>Most keys that are kept; the oldest that are no longer good make room for new ones.</summary>
    public const int Most = 1000;

    private readonly SemaphoreSlim changing = new(1);
    private readonly Dictionary<string, ApiKey> unstored = new(StringComparer.Ordinal); // Revoked, and only this silo knows.
    private long version = KeySet.None;
    private volatile ImmutableDictionary<string, ApiKey> keys = ImmutableDictionary.Create<string, ApiKey>(StringComparer.Ordinal);

    /// <summary>Whether there is or ever was a key here, a damaged one also counts: then nobody comes in without one.</summary>
    public bool IsInitialized { get; private set; }

    /// <summary>Every key.</summary>
    public IEnumerable<ApiKey> All => keys.Values;

    /// <summary>Whether a key is good now that lets its holder make other keys.</summary>
    public bool HasGoodAdmin => GoodAdmins().Any();

    /// <summary>One key, or null.</summary>
    public ApiKey? Find(string id) => keys.GetValueOrDefault(id);

    /// <summary>The good key whose text this is, or null.</summary>
    public ApiKey? Check(string text) =>
        KeySecret.TryRead(text, out var id, out var hash) && keys.TryGetValue(id, out var key) && KeySecret.IsSame(hash, key.SecretSha256)
        && key.IsGood(time.GetUtcNow())
            ? key
            : null;

    /// <summary>Whether the key of this id is good now.</summary>
    public bool IsGood(string id) => keys.TryGetValue(id, out var key) && key.IsGood(time.GetUtcNow());

    /// <summary>Adds a key that was made elsewhere; one that is known, or was revoked here, stays as it is.</summary>
    /// <exception cref="NotStoredException">The store refused.</exception>
    public async Task AddAsync(ApiKey key, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        while (!keys.ContainsKey(key.Id))
        {
            if (!await TryWriteAsync(key.Id, key, cancellation))
                continue;
            IsInitialized = true;
            LogMade(key.Name, key.Id, key.Role, key.Expires);
        }
    }

    /// <summary>Reads what changed since the last time, and stores the revocations that could not be; gives whether anything is new.</summary>
    /// <exception cref="EngineUnreachableException">The cluster cannot be asked now; the ring stays as it was.</exception>
    /// <exception cref="NotStoredException">The cluster's store still refuses.</exception>
    public async Task<bool> RefreshAsync(CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        var isNew = await ReadAsync(cancellation);
        foreach (var id in unstored.Keys.ToArray())
        {
            while (keys.TryGetValue(id, out var key) && unstored.ContainsKey(id))
                await TryRevokeAsync(key);
            unstored.Remove(id);
        }

        return isNew;
    }

    /// <summary>Makes a key; its text is in the answer and nowhere else.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="role">What its callers may do.</param>
    /// <param name="expires">From when on it is no longer good, or null for never.</param>
    /// <param name="keepAdmin">Refuse a key that would leave the silo with keys and no admin.</param>
    /// <param name="cancellation">Ends the wait; no key was made then, or one whose text nobody has.</param>
    /// <exception cref="NotStoredException">The store refused; there is no new key, or one whose text nobody has.</exception>
    public async Task<KeyAnswer> MakeAsync(
        string name, Role role, DateTimeOffset? expires, bool keepAdmin, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        while (true)
        {
            var now = time.GetUtcNow();
            if (HasGoodOf(name, now))
                return new KeyAnswer(KeyRefusal.Exists, null);
            if (keepAdmin && role != Role.Admin && !HasGoodAdmin)
                return new KeyAnswer(KeyRefusal.NoAdminLeft, null);
            if (keys.Count >= Most)
            {
                var oldest = keys.Values.Where(key => !key.IsGood(now)).MinBy(key => key.Created);
                if (oldest is null)
                    return new KeyAnswer(KeyRefusal.TooMany, null);
                await TryWriteAsync(oldest.Id, null, cancellation);
                continue;
            }

            var (id, text, hash) = KeySecret.Make();
            var key = new ApiKey(id, name, role, hash, now, expires, null, null);
            if (!await TryWriteAsync(id, key, cancellation))
                continue;
            IsInitialized = true;
            LogMade(name, id, role, expires);
            return new KeyAnswer(null, key, text);
        }
    }

    /// <summary>Revokes a key at once; asked again it is the same.</summary>
    /// <param name="id">The key's id.</param>
    /// <param name="keepAdmin">Refuse to revoke the last good admin key.</param>
    /// <param name="cancellation">Ends the wait; nothing was revoked then.</param>
    /// <exception cref="NotStoredException">The store refused; the key is no longer good here, but a restart would forget that.</exception>
    public async Task<KeyAnswer> RevokeAsync(string id, bool keepAdmin, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        while (true)
        {
            if (!keys.TryGetValue(id, out var key))
                return new KeyAnswer(KeyRefusal.Unknown, null);
            if (keepAdmin && HasGoodAdmin && GoodAdmins().All(admin => admin.Id == id))
                return new KeyAnswer(KeyRefusal.NoAdminLeft, key);
            var revoked = key with { Revoked = key.Revoked ?? time.GetUtcNow() };
            if (!await TryRevokeAsync(revoked))
                continue;
            LogRevoked(key.Name, id);
            return new KeyAnswer(null, revoked);
        }
    }

    /// <summary>Notes durably that a key was used on a day.</summary>
    /// <exception cref="NotStoredException">The store refused.</exception>
    public async Task NoteUseAsync(string id, DateOnly day, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        while (keys.TryGetValue(id, out var key) && !(key.LastUsed >= day))
        {
            if (await TryWriteAsync(id, key with { LastUsed = day }, cancellation))
                return;
        }
    }

    public void Dispose() => changing.Dispose();

    private bool HasGoodOf(string name, DateTimeOffset now) => keys.Values.Any(key => key.Name == name && key.IsGood(now));

    private IEnumerable<ApiKey> GoodAdmins()
    {
        var now = time.GetUtcNow();
        return keys.Values.Where(key => key.Role == Role.Admin && key.IsGood(now));
    }

    /// <summary>Writes a revoked key; where that fails it is revoked here all the same.</summary>
    private async Task<bool> TryRevokeAsync(ApiKey revoked)
    {
        try
        {
            if (!await TryWriteAsync(revoked.Id, revoked, CancellationToken.None))
                return false;
            unstored.Remove(revoked.Id);
            return true;
        }
        catch (NotStoredException)
        {
            unstored[revoked.Id] = revoked;
            keys = keys.SetItem(revoked.Id, revoked);
            throw;
        }
    }

    /// <summary>Writes or removes a key; false where the store had changed: then the ring is as the store is now, and nothing was done.</summary>
    private async Task<bool> TryWriteAsync(string id, ApiKey? key, CancellationToken cancellation)
    {
        var content = key is null ? null : JsonSerializer.Serialize(new StoredKey(StoredKey.Known, key), StoredKeyJson.Default.StoredKey);
        var write = await store.WriteAsync(version, id, content, cancellation);
        if (write.Failure is { } failure)
            throw new NotStoredException(failure);
        if (write.Version is { } next)
        {
            version = next;
            keys = key is null ? keys.Remove(id) : keys.SetItem(id, key);
            return true;
        }

        try
        {
            await ReadAsync(cancellation);
            return false;
        }
        catch (EngineUnreachableException lost)
        {
            throw new NotStoredException(lost.Message, lost);
        }
    }

    private async Task<bool> ReadAsync(CancellationToken cancellation)
    {
        if (await store.ReadAsync(version, cancellation) is not { } set)
            return false;
        var read = set.Keys.Select(Parse).OfType<ApiKey>().ToImmutableDictionary(key => key.Id, StringComparer.Ordinal);
        foreach (var (id, revoked) in unstored)
        {
            if (read.TryGetValue(id, out var key))
                read = read.SetItem(id, key with { Revoked = key.Revoked ?? revoked.Revoked });
        }

        (version, IsInitialized) = (set.Version, IsInitialized || set.IsInitialized);
        keys = read;
        return true;
    }

    private ApiKey? Parse(KeyDocument document)
    {
        try
        {
            var stored = JsonSerializer.Deserialize(document.Content, StoredKeyJson.Default.StoredKey) ?? throw new JsonException("it is empty");
            return stored.Fault(document.Id) is { } fault ? throw new JsonException(fault) : stored.Key;
        }
        catch (JsonException damaged)
        {
            LogDamaged(document.Id, damaged.Message);
            return null;
        }
    }

    [LoggerMessage(1100, LogLevel.Information, "Key {Name} ({Id}) was made for role {Role}, expiring {Expires}")]
    private partial void LogMade(string name, string id, Role role, DateTimeOffset? expires);

    [LoggerMessage(1101, LogLevel.Information, "Key {Name} ({Id}) was revoked")]
    private partial void LogRevoked(string name, string id);

    [LoggerMessage(1112, LogLevel.Error, "Key {Id} cannot be read and is not accepted: {Reason}")]
    private partial void LogDamaged(string id, string reason);
}
