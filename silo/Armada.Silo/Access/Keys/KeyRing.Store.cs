using System.Collections.Immutable;
using System.Text.Json;
using Armada.Core.Access;
using Armada.Core.Engine;
using Armada.Silo.Engine;
using Armada.Silo.Store;

namespace Armada.Silo.Access.Keys;

/// <summary>How the ring and its store stay the same.</summary>
internal sealed partial class KeyRing
{
    private readonly Dictionary<string, ApiKey> unstored = new(StringComparer.Ordinal); // Revoked, and only this silo knows.
    private long version = KeySet.None;
    private ImmutableArray<string> forgotten = [];

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

    /// <summary>
    /// Takes over the good keys of another store that were never here, and what was revoked there. A key whose name another good key has
    /// here stays out.
    /// </summary>
    /// <exception cref="EngineUnreachableException">The cluster cannot be asked now.</exception>
    /// <exception cref="NotStoredException">The store refused.</exception>
    public async Task ImportAsync(KeySet other, CancellationToken cancellation)
    {
        using var pass = await changing.EnterAsync(cancellation);
        IsInitialized |= other.IsInitialized;
        foreach (var found in other.Keys.Select(Parse).OfType<ApiKey>())
            await ImportAsync(found, cancellation);
    }

    private async Task ImportAsync(ApiKey found, CancellationToken cancellation)
    {
        while (true)
        {
            var now = time.GetUtcNow();
            if (keys.TryGetValue(found.Id, out var known))
            {
                if (found.Revoked is null || known.Revoked is not null || await TryRevokeAsync(known with { Revoked = found.Revoked }))
                    return;
                continue;
            }

            if (!found.IsGood(now) || forgotten.Contains(found.Id))
                return;
            if (HasGoodOf(found.Name, now) || keys.Count >= Most)
            {
                LogNotImported(found.Name, found.Id);
                return;
            }

            if (!await TryWriteAsync(found.Id, found, cancellation))
                continue;
            LogImported(found.Name, found.Id);
            return;
        }
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
        if (await store.ReadAsync(version, cancellation) is not { } roll)
            return false;
        var read = roll.Keys.Select(Parse).OfType<ApiKey>().ToImmutableDictionary(key => key.Id, StringComparer.Ordinal);
        foreach (var (id, revoked) in unstored)
        {
            if (read.TryGetValue(id, out var key))
                read = read.SetItem(id, key with { Revoked = key.Revoked ?? revoked.Revoked });
        }

        (version, forgotten, IsInitialized) = (roll.Version, roll.Forgotten, IsInitialized || roll.IsInitialized);
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

    [LoggerMessage(1112, LogLevel.Error, "Key {Id} cannot be read and opens nothing: {Reason}")]
    private partial void LogDamaged(string id, string reason);

    [LoggerMessage(1113, LogLevel.Information, "Key {Name} ({Id}) of this silo's folder is the cluster's now")]
    private partial void LogImported(string name, string id);

    [LoggerMessage(1114, LogLevel.Warning, "Key {Name} ({Id}) of this silo's folder opens nothing: the cluster has a good key of that name, or too many keys")]
    private partial void LogNotImported(string name, string id);
}
