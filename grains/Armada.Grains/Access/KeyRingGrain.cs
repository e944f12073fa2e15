using Armada.Core.Access;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Armada.Grains.Access;

/// <summary>The documents of the cluster's API keys. It does not read them: what a change may be, the silo that asks for it has decided.</summary>
[GrainType("armada.key-ring"), KeepAlive]
public sealed partial class KeyRingGrain(
    [PersistentState("key-ring", GrainStores.Armada)] IPersistentState<KeyRingState> state, TimeProvider time, ILogger<KeyRingGrain> logger)
    : Grain, IKeyRingGrain
{
    private const int MostForgotten = 1000;

    private KeySet roll = new(0, [], [], IsInitialized: false);
    private bool isUnsure; // A write failed, and may have reached the store all the same.

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        roll = Roll(state.State);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<KeySet?> ReadAsync(long known) => Task.FromResult(known == roll.Version ? null : roll);

    /// <inheritdoc/>
    public async Task<KeyWrite> WriteAsync(long version, string id, string? content)
    {
        if (isUnsure && !await TryAsync(state.ReadStateAsync))
            return new KeyWrite(null, GrainStores.NotStored);
        if (version != roll.Version)
            return new KeyWrite(null);
        var others = roll.Keys.RemoveAll(document => document.Id == id);
        state.State = new KeyRingState
        {
            // The clock keeps a version from coming again after a store was lost.
            Version = Math.Max(roll.Version + 1, time.GetUtcNow().ToUnixTimeMilliseconds()),
            Keys = content is null ? others : others.Add(new KeyDocument(id, content)),
            Forgotten = content is not null ? roll.Forgotten : [.. roll.Forgotten.Append(id).TakeLast(MostForgotten)],
        };
        return await TryAsync(state.WriteStateAsync) ? new KeyWrite(roll.Version) : new KeyWrite(null, GrainStores.NotStored);
    }

    // It stays where it is when the store is away: silos read on what it has.
    private async Task<bool> TryAsync(Func<Task> ask)
    {
        try
        {
            await ask();
            (roll, isUnsure) = (Roll(state.State), false);
            return true;
        }
        catch (InconsistentStateException superseded)
        {
            LogNotStored(superseded);
            DeactivateOnIdle();
            return false;
        }
        catch (Exception failed)
        {
            LogNotStored(failed);
            isUnsure = true;
            return false;
        }
    }

    private static KeySet Roll(KeyRingState state) =>
        new(state.Version, state.Keys, state.Forgotten, IsInitialized: !state.Keys.IsEmpty || !state.Forgotten.IsEmpty);

    [LoggerMessage(1675, LogLevel.Error, "The API keys could not be stored")]
    private partial void LogNotStored(Exception failed);
}
