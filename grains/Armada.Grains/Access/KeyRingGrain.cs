using Armada.Core.Access;
using Armada.Grains.State;

namespace Armada.Grains.Access;

/// <summary>
/// The documents of the API keys. It does not interpret them: what a change may be, the silo that asks for it has decided. It stays
/// where it is when storage is away, so that silos can still read them.
/// </summary>
[GrainType("armada.key-ring"), KeepAlive]
public sealed class KeyRingGrain : Grain, IKeyRingGrain
{
    private const int MaxForgotten = 1000;
    private const string SetAside = "set-aside"; // Stands among the forgotten for keys that could not be read: nobody comes in without one.

    private readonly TimeProvider time;
    private readonly StoredState<KeyRingState> stored;
    private bool isUnsure; // A write failed, and may have reached the storage all the same.

    /// <summary>Made by Orleans.</summary>
    public KeyRingGrain(TimeProvider time)
    {
        this.time = time;
        stored = new StoredState<KeyRingState>(GrainContext, "key-ring");
    }

    private KeySet Keys => new(
        stored.Value.Version, stored.Value.Keys, stored.Value.Forgotten, WasUsed: !stored.Value.Keys.IsEmpty || !stored.Value.Forgotten.IsEmpty);

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await stored.ReadAsync();
        if (stored.WasSetAside && await stored.WriteAsync(new KeyRingState { Version = NextVersion(), Forgotten = [SetAside] }) is { } failure)
            throw new OrleansException(failure);
    }

    /// <inheritdoc/>
    public Task<KeySet?> ReadAsync(long known) => Task.FromResult(known == stored.Value.Version ? null : Keys);

    /// <inheritdoc/>
    public async Task<KeyWrite> WriteAsync(long version, string id, string? content)
    {
        if (isUnsure && await TryReadAsync() is { } unread)
            return new KeyWrite(null, unread);
        var before = stored.Value;
        if (version != before.Version)
            return new KeyWrite(null);
        var others = before.Keys.RemoveAll(document => document.Id == id);
        var failure = await stored.WriteAsync(new KeyRingState
        {
            Version = NextVersion(),
            Keys = content is null ? others : others.Add(new KeyDocument(id, content)),
            Forgotten = content is not null ? before.Forgotten : [.. before.Forgotten.Append(id).TakeLast(MaxForgotten)],
        });
        isUnsure = failure is not null;
        return failure is null ? new KeyWrite(stored.Value.Version) : new KeyWrite(null, failure);
    }

    // The clock keeps a version from coming again after a store was lost.
    private long NextVersion() => Math.Max(stored.Value.Version + 1, time.GetUtcNow().ToUnixTimeMilliseconds());

    private async Task<string?> TryReadAsync()
    {
        try
        {
            await stored.ReadAsync();
            isUnsure = false;
            return null;
        }
        catch (OrleansException)
        {
            return GrainStores.Unreachable;
        }
    }
}
