using Armada.Core.Motions;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Sequences;

/// <summary>One stored sequence.</summary>
[GrainType("armada.stored-sequence")]
public sealed partial class SequenceGrain(
    [PersistentState("sequence", GrainStores.Armada)] IPersistentState<SequenceState> state, ILogger<SequenceGrain> logger) : Grain, ISequenceGrain
{
    private VersionedSequence? kept;

    private string Id => this.GetPrimaryKeyString();

    private ISequenceIndexGrain Index => GrainFactory.GetGrain<ISequenceIndexGrain>(ISequenceIndexGrain.Key);

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (state.State.Sequence is { } sequence)
            kept = new VersionedSequence(sequence, state.State.Version, IsBuiltIn: false);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<VersionedSequence?> LookAsync()
    {
        if (kept is null)
            DeactivateOnIdle(); // Nobody's id; whoever asks for it must not fill the memory.
        return Task.FromResult(kept);
    }

    /// <inheritdoc/>
    public async Task<SequenceAnswer> PutAsync(Sequence sequence, ExpectedVersion? expected)
    {
        if (SequenceChanges.Refuse(kept, expected) is { } refused)
            return new SequenceAnswer(refused, kept);
        var next = SequenceChanges.Put(kept, sequence);
        if (ReferenceEquals(next, kept))
            return new SequenceAnswer(null, kept);
        var isNew = kept is null;
        if (isNew && await Index.RegisterAsync(Id) is { Refused: not null } full)
            return full;
        state.State = new SequenceState { Sequence = next.Sequence, Version = next.Version };
        if (await TryAsync(state.WriteStateAsync) is { } failure)
        {
            if (isNew)
                await Index.ForgetAsync(Id);
            return failure;
        }

        kept = next;
        return new SequenceAnswer(null, next);
    }

    /// <inheritdoc/>
    public async Task<SequenceAnswer> DeleteAsync(ExpectedVersion? expected)
    {
        if ((kept is null ? SequenceRefusal.Unknown : SequenceChanges.Refuse(kept, expected)) is { } refused)
            return new SequenceAnswer(refused, kept);
        if (await TryAsync(state.ClearStateAsync) is { } failure)
            return failure;
        kept = null;
        await Index.ForgetAsync(Id);
        DeactivateOnIdle();
        return new SequenceAnswer(null, null);
    }

    private async Task<SequenceAnswer?> TryAsync(Func<Task> write)
    {
        try
        {
            await write();
            return null;
        }
        catch (Exception failed)
        {
            LogNotStored(failed, Id);
            DeactivateOnIdle(); // What is stored is found out anew.
            return new SequenceAnswer(SequenceRefusal.NotStored, kept, GrainStores.NotStored);
        }
    }

    [LoggerMessage(1670, LogLevel.Error, "Sequence {Sequence} could not be stored")]
    private partial void LogNotStored(Exception failed, string sequence);
}
