using Armada.Core.Access;
using Armada.Core.Engine;
using Armada.Grains;
using Armada.Grains.State;
using Armada.Grains.Storage;
using Orleans.Storage;

namespace Armada.Silo.Access.Keys;

/// <summary>
/// The API keys in durable storage, one record for all silos of a service. Its version decides between silos, and between a silo and the
/// command line, that change it at once.
/// </summary>
internal sealed partial class StoredKeys(
    [FromKeyedServices(GrainStores.Armada)] IGrainStorage storage,
    [FromKeyedServices(GrainStores.Armada)] IStateQuarantine quarantine,
    TimeProvider time,
    ILogger<StoredKeys> logger) : IKeyStore
{
    private const string StateName = "key-ring";
    private const int MaxForgotten = 1000;
    private const string SetAside = "set-aside"; // Among the forgotten, for keys that could not be read: nobody comes in without one.

    private static readonly GrainId Id = GrainId.Create("armada.key-ring", "keys");

    public async ValueTask<KeySet?> ReadAsync(long known, CancellationToken cancellation)
    {
        try
        {
            var state = (await LoadAsync().WaitAsync(cancellation)).State!;
            return state.Version == known
                ? null
                : new KeySet(state.Version, state.Keys, state.Forgotten, IsInitialized: !state.Keys.IsEmpty || !state.Forgotten.IsEmpty);
        }
        catch (Exception away) when (away is OrleansException or TimeoutException)
        {
            throw new EngineUnreachableException($"the API keys cannot be read: {away.Message}", away);
        }
    }

    public async ValueTask<KeyWrite> WriteAsync(long version, string id, string? content, CancellationToken cancellation)
    {
        try
        {
            var record = await LoadAsync().WaitAsync(cancellation);
            var before = record.State!;
            if (before.Version != version)
                return new KeyWrite(null);
            var others = before.Keys.RemoveAll(document => document.Id == id);
            record.State = new KeyRingState
            {
                Version = NextVersion(before.Version),
                Keys = content is null ? others : others.Add(new KeyDocument(id, content)),
                Forgotten = content is not null ? before.Forgotten : [.. before.Forgotten.Append(id).TakeLast(MaxForgotten)],
            };
            await storage.WriteStateAsync(StateName, Id, record).WaitAsync(cancellation);
            return new KeyWrite(record.State.Version);
        }
        catch (InconsistentStateException)
        {
            return new KeyWrite(null);
        }
        catch (Exception failed) when (failed is OrleansException or TimeoutException)
        {
            return new KeyWrite(null, $"{failed.Message}; ask again when storage is back");
        }
    }

    private async Task<GrainState<KeyRingState>> LoadAsync()
    {
        var record = new GrainState<KeyRingState>(new KeyRingState());
        try
        {
            await storage.ReadStateAsync(StateName, Id, record);
            return record;
        }
        catch (UnreadableStateException unreadable)
        {
            LogSetAside(unreadable.Reason);
            await quarantine.SetAsideAsync(StateName, Id, unreadable.ETag, unreadable.Reason);
            record = new GrainState<KeyRingState>(new KeyRingState { Version = NextVersion(0), Forgotten = [SetAside] });
            await storage.WriteStateAsync(StateName, Id, record);
            return record;
        }
    }

    // The clock keeps a version from coming again after a store was lost.
    private long NextVersion(long before) => Math.Max(before + 1, time.GetUtcNow().ToUnixTimeMilliseconds());

    [LoggerMessage(1118, LogLevel.Error, "The API keys cannot be read and are set aside; create new ones with 'armada-silo key add': {Reason}")]
    private partial void LogSetAside(string reason);
}
