using System.Collections.Concurrent;
using Armada.Silo.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Access.Keys;

/// <summary>Every API key, in memory and one document each on disk. Members may be called from any thread.</summary>
internal sealed partial class KeyRing : IDisposable
{
    /// <summary>Most keys that are kept; the oldest that are no longer good make room for new ones.</summary>
    public const int Most = 1000;

    private readonly ConcurrentDictionary<string, ApiKey> keys = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim changing = new(1);
    private readonly DocumentFiles files;
    private readonly ILogger<KeyRing> logger;
    private readonly TimeProvider time;
    private readonly string folder;

    /// <summary>In the silo's folder; without keys until <see cref="Load"/>.</summary>
    public KeyRing(DataFolder data, TimeProvider time, ILogger<KeyRing> logger)
    {
        (this.time, this.logger) = (time, logger);
        files = new DocumentFiles(logger);
        folder = data.Folder("keys");
    }

    /// <summary>Whether there is or ever was a key here, a damaged one also counts: then nobody comes in without one.</summary>
    public bool WasUsed { get; private set; }

    /// <summary>Every key.</summary>
    public IEnumerable<ApiKey> All => keys.Select(entry => entry.Value);

    /// <summary>Whether a key is good now that lets its holder make other keys.</summary>
    public bool HasGoodAdmin => GoodAdmins().Any();

    /// <summary>Reads every key; a damaged one is set aside and opens nothing.</summary>
    public void Load()
    {
        foreach (var stored in files.ReadAll(folder, StoredKeyJson.Default.StoredKey, (stored, name) => stored.Fault(name)))
            keys[stored.Key.Id] = stored.Key;
        WasUsed = !keys.IsEmpty || DocumentFiles.HasDamaged(folder);
    }

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

    /// <summary>Makes a key; its text is in the answer and nowhere else.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="role">What its callers may do.</param>
    /// <param name="expires">From when on it is no longer good, or null for never.</param>
    /// <param name="keepAdmin">Refuse a key that would leave the silo with keys and no admin.</param>
    /// <param name="cancellation">Ends the wait; no key was made then.</param>
    /// <exception cref="NotStoredException">The disk refused; there is no new key.</exception>
    public async Task<KeyAnswer> MakeAsync(
        string name, Role role, DateTimeOffset? expires, bool keepAdmin, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        var now = time.GetUtcNow();
        if (keys.Any(entry => entry.Value.Name == name && entry.Value.IsGood(now)))
            return new KeyAnswer(KeyRefusal.Exists, null);
        if (keepAdmin && role != Role.Admin && !HasGoodAdmin)
            return new KeyAnswer(KeyRefusal.NoAdminLeft, null);
        if (!await MakeRoomAsync(now, cancellation))
            return new KeyAnswer(KeyRefusal.TooMany, null);
        var (id, text, hash) = KeySecret.Make();
        var key = new ApiKey(id, name, role, hash, now, expires, null, null);
        await SaveAsync(key, cancellation);
        WasUsed = true;
        LogMade(name, id, role, expires);
        return new KeyAnswer(null, key, text);
    }

    /// <summary>Revokes a key at once; asked again it is the same.</summary>
    /// <param name="id">The key's id.</param>
    /// <param name="keepAdmin">Refuse to revoke the last good admin key.</param>
    /// <param name="cancellation">Ends the wait; nothing was revoked then.</param>
    /// <exception cref="NotStoredException">The disk refused; the key is no longer good, but a restart would forget that.</exception>
    public async Task<KeyAnswer> RevokeAsync(string id, bool keepAdmin, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        if (!keys.TryGetValue(id, out var key))
            return new KeyAnswer(KeyRefusal.Unknown, null);
        if (keepAdmin && HasGoodAdmin && GoodAdmins().All(admin => admin.Id == id))
            return new KeyAnswer(KeyRefusal.NoAdminLeft, key);
        var revoked = keys[id] = key with { Revoked = key.Revoked ?? time.GetUtcNow() };
        await SaveAsync(revoked, CancellationToken.None);
        LogRevoked(key.Name, id);
        return new KeyAnswer(null, revoked);
    }

    /// <summary>Notes durably that a key was used on a day.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public async Task NoteUseAsync(string id, DateOnly day, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        if (keys.TryGetValue(id, out var key) && !(key.LastUsed >= day))
            await SaveAsync(key with { LastUsed = day }, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        files.Dispose();
        changing.Dispose();
    }

    private async Task SaveAsync(ApiKey key, CancellationToken cancellation)
    {
        await files.WriteAsync(PathOf(key.Id), new StoredKey(StoredKey.Known, key), StoredKeyJson.Default.StoredKey, cancellation);
        keys[key.Id] = key;
    }

    private async Task<bool> MakeRoomAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        if (keys.Count < Most)
            return true;
        var oldest = keys.Select(entry => entry.Value).Where(key => !key.IsGood(now)).MinBy(key => key.Created);
        if (oldest is null)
            return false;
        await files.DeleteAsync(PathOf(oldest.Id), cancellation);
        return keys.TryRemove(oldest.Id, out _);
    }

    private IEnumerable<ApiKey> GoodAdmins()
    {
        var now = time.GetUtcNow();
        return keys.Select(entry => entry.Value).Where(key => key.Role == Role.Admin && key.IsGood(now));
    }

    private string PathOf(string id) => Path.Combine(folder, id + ".json");

    [LoggerMessage(1100, LogLevel.Information, "Key {Name} ({Id}) was made for role {Role}, expiring {Expires}")]
    private partial void LogMade(string name, string id, Role role, DateTimeOffset? expires);

    [LoggerMessage(1101, LogLevel.Information, "Key {Name} ({Id}) was revoked")]
    private partial void LogRevoked(string name, string id);
}

/// <summary>Why a key was not made or revoked.</summary>
internal enum KeyRefusal
{
    /// <summary>A good key has the name.</summary>
    Exists,

    /// <summary>There are <see cref="KeyRing.Most"/> good keys.</summary>
    TooMany,

    /// <summary>No good admin key would be left.</summary>
    NoAdminLeft,

    /// <summary>There is no such key.</summary>
    Unknown,
}

/// <summary>What became of a change.</summary>
/// <param name="Refused">Why nothing was changed, or null.</param>
/// <param name="Key">The key as it is now, where there is one.</param>
/// <param name="Text">Of a new key its text, which nobody can ask for again.</param>
internal sealed record KeyAnswer(KeyRefusal? Refused, ApiKey? Key, string? Text = null)
{
    /// <inheritdoc/>
    public override string ToString() => $"{nameof(KeyAnswer)} {Refused} {Key?.Id}"; // Without the text.
}
