using System.Collections.Immutable;
using Armada.Core.Motions;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Sequences;

/// <summary>The directory of all stored sequences. It may list one that is not there, but every one that is there is listed.</summary>
[GrainType("armada.sequence-index"), KeepAlive]
public sealed partial class SequenceIndexGrain(
    [PersistentState("sequence-index", GrainStores.Armada)] IPersistentState<SequenceIndexState> state, ILogger<SequenceIndexGrain> logger)
    : Grain, ISequenceIndexGrain
{
    private ImmutableSortedSet<string> ids = [];

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        ids = state.State.Ids.ToImmutableSortedSet(StringComparer.Ordinal);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<string>> ListAsync() => Task.FromResult<ImmutableArray<string>>([.. ids]);

    /// <inheritdoc/>
    public async Task<SequenceAnswer> RegisterAsync(string id)
    {
        if (ids.Contains(id))
            return new SequenceAnswer(null, null);
        if (SequenceChanges.RefuseOneMore(ids.Count) is { } full)
            return new SequenceAnswer(full, null);
        return await TryWriteAsync(ids.Add(id))
            ? new SequenceAnswer(null, null)
            : new SequenceAnswer(SequenceRefusal.NotStored, null, GrainStores.NotStored);
    }

    /// <inheritdoc/>
    public async Task ForgetAsync(string id)
    {
        if (ids.Contains(id) && !await TryWriteAsync(ids.Remove(id)))
            LogNotForgotten(id);
    }

    private async Task<bool> TryWriteAsync(ImmutableSortedSet<string> next)
    {
        state.State = new SequenceIndexState { Ids = [.. next] };
        try
        {
            await state.WriteStateAsync();
            ids = next;
            return true;
        }
        catch (Exception failed)
        {
            LogNotStored(failed);
            DeactivateOnIdle(); // What is stored is found out anew.
            return false;
        }
    }

    [LoggerMessage(1671, LogLevel.Error, "The directory of sequences could not be stored")]
    private partial void LogNotStored(Exception failed);

    [LoggerMessage(1672, LogLevel.Warning, "Sequence {Sequence} is not there, but stays listed until it is made or removed again")]
    private partial void LogNotForgotten(string sequence);
}
