using System.Collections.Immutable;
using System.Text.Json;
using Armada.Core.Access;
using Armada.Core.Engine;
using Armada.Silo.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Access.Keys;

internal enum KeyRefusal
{
    /// <summary>A valid key has the name.</summary>
    Exists,
    TooMany,
    NoAdminLeft,
    Unknown,
}

/// <param name="Key">The key as it is now.</param>
/// <param name="Text">Of a new key.</param>
internal sealed record KeyAnswer(KeyRefusal? Refused, ApiKey? Key, string? Text = null)
{
    public override string ToString() => $"{nameof(KeyAnswer)} {Refused} {Key?.Id}"; // Without the text.
}

/// <summary>
/// Every API key, in memory and one document each in a store, which in a cluster is the same for all silos. Requests are authenticated
/// from memory alone. Thread-safe.
/// </summary>
internal sealed partial class KeyRing(IKeyStore store, TimeProvider time, ILogger<KeyRing> logger) : IDisposable
{
    /// <summary>The oldest that are no longer valid make room for new ones.</summary>
    public const int MaxKeys = 1000;

    private readonly SemaphoreSlim changing = new(1);
    private readonly Dictionary<string, ApiKey> unstored = new(StringComparer.Ordinal); // Revoked, and only this silo knows.
    private long version = KeySet.None;
    private volatile ImmutableDictionary<string, ApiKey> keys = ImmutableDictionary.Create<string, ApiKey>(StringComparer.Ordinal);

    /// <summary>Whether there is or ever was a key, even a damaged one: then nobody is admitted without one.</summary>
    public bool IsInitialized { get; private set; }

    public IEnumerable<ApiKey> All => keys.Values;

    public bool HasValidAdmin => ValidAdmins().Any();

    public ApiKey? Find(string id) => keys.GetValueOrDefault(id);

    /// <summary>The valid key whose text this is.</summary>
    public ApiKey? Check(string text) =>
        KeySecret.TryRead(text, out var id, out var hash) && keys.TryGetValue(id, out var key) && KeySecret.IsSame(hash, key.SecretSha256)
        && key.IsValid(time.GetUtcNow())
            ? key
            : null;

    public bool IsValid(string id) => keys.TryGetValue(id, out var key) && key.IsValid(time.GetUtcNow());

    /// <summary>Adds a key that was made elsewhere; one that is known, or was revoked here, stays as it is.</summary>
    /// <exception cref="NotStoredException"/>
    public async Task AddAsync(ApiKey key, CancellationToken cancellation)
    {
        using var held = await changing.EnterAsync(cancellation);
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
        using var held = await changing.EnterAsync(cancellation);
        var isNew = await ReadAsync(cancellation);
        foreach (var id in unstored.Keys.ToArray())
        {
            while (keys.TryGetValue(id, out var key) && unstored.ContainsKey(id))
                await TryRevokeAsync(key);
            unstored.Remove(id);
        }

        return isNew;
    }

    /// <summary>Creates a key; its text is in the answer and nowhere else.</summary>
    /// <param name="keepAdmin">Refuse a key that would leave the silo with keys and no admin.</param>
    /// <exception cref="NotStoredException">There is no new key, or one whose text nobody has.</exception>
    public async Task<KeyAnswer> MakeAsync(
        string name, Role role, DateTimeOffset? expires, bool keepAdmin, CancellationToken cancellation)
    {
        using var held = await changing.EnterAsync(cancellation);
        while (true)
        {
            var now = time.GetUtcNow();
            if (HasValidOf(name, now))
                return new KeyAnswer(KeyRefusal.Exists, null);
            if (keepAdmin && role != Role.Admin && !HasValidAdmin)
                return new KeyAnswer(KeyRefusal.NoAdminLeft, null);
            if (keys.Count >= MaxKeys)
            {
                var oldest = keys.Values.Where(key => !key.IsValid(now)).MinBy(key => key.Created);
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

    /// <summary>Revokes a key at once; idempotent.</summary>
    /// <param name="keepAdmin">Refuse to revoke the last valid admin key.</param>
    /// <exception cref="NotStoredException">The key is no longer valid here, but a restart would forget that.</exception>
    public async Task<KeyAnswer> RevokeAsync(string id, bool keepAdmin, CancellationToken cancellation)
    {
        using var held = await changing.EnterAsync(cancellation);
        while (true)
        {
            if (!keys.TryGetValue(id, out var key))
                return new KeyAnswer(KeyRefusal.Unknown, null);
            if (keepAdmin && HasValidAdmin && ValidAdmins().All(admin => admin.Id == id))
                return new KeyAnswer(KeyRefusal.NoAdminLeft, key);
            var revoked = key with { Revoked = key.Revoked ?? time.GetUtcNow() };
            if (!await TryRevokeAsync(revoked))
                continue;
            LogRevoked(key.Name, id);
            return new KeyAnswer(null, revoked);
        }
    }

    /// <exception cref="NotStoredException"/>
    public async Task NoteUseAsync(string id, DateOnly day, CancellationToken cancellation)
    {
        using var held = await changing.EnterAsync(cancellation);
        while (keys.TryGetValue(id, out var key) && !(key.LastUsed >= day))
        {
            if (await TryWriteAsync(id, key with { LastUsed = day }, cancellation))
                return;
        }
    }

    public void Dispose() => changing.Dispose();

    private bool HasValidOf(string name, DateTimeOffset now) => keys.Values.Any(key => key.Name == name && key.IsValid(now));

    private IEnumerable<ApiKey> ValidAdmins()
    {
        var now = time.GetUtcNow();
        return keys.Values.Where(key => key.Role == Role.Admin && key.IsValid(now));
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
        var content = key is null ? null : JsonSerializer.Serialize(new StoredKey(StoredKey.Current, key), StoredJson.Default.StoredKey);
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
            var stored = JsonSerializer.Deserialize(document.Content, StoredJson.Default.StoredKey) ?? throw new JsonException("it is empty");
            return stored.FindProblem(document.Id) is { } fault ? throw new JsonException(fault) : stored.Key;
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
