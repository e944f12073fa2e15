using Armada.Core.Motions;
using Armada.Grains.State;

namespace Armada.Grains.Sequences;

/// <summary>One stored sequence.</summary>
[GrainType("armada.stored-sequence")]
public sealed class SequenceGrain : Grain, ISequenceGrain
{
    private readonly StoredState<SequenceState> stored;

    /// <summary>Made by Orleans.</summary>
    public SequenceGrain() => stored = new StoredState<SequenceState>(GrainContext, "sequence");

    private string Id => this.GetPrimaryKeyString();

    private ISequenceIndexGrain Index => GrainFactory.GetGrain<ISequenceIndexGrain>(ISequenceIndexGrain.Key);

    private VersionedSequence? Kept =>
        stored.Value.Sequence is { } sequence ? new VersionedSequence(sequence, stored.Value.Version, IsBuiltIn: false) : null;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await stored.ReadAsync(state => state.Sequence is { } sequence && sequence.Id != Id ? $"it holds sequence '{sequence.Id}'" : null);
        if (stored.WasSetAside)
            await Index.ForgetAsync(Id);
    }

    public Task<VersionedSequence?> ReadAsync()
    {
        if (Kept is null)
            DeactivateOnIdle(); // The id is nobody's; whoever asks for it must not fill the memory.
        return Task.FromResult(Kept);
    }

    public async Task<SequenceAnswer> PutAsync(Sequence sequence, ExpectedVersion? expected)
    {
        var before = Kept;
        if (SequenceChanges.Refuse(before, expected) is { } refused)
            return new SequenceAnswer(refused, before);
        var next = SequenceChanges.Put(before, sequence);
        if (ReferenceEquals(next, before))
            return new SequenceAnswer(null, before);
        if (before is null && await Index.RegisterAsync(Id) is { Refused: not null } full)
            return full;
        if (await stored.WriteAsync(new SequenceState { Sequence = next.Sequence, Version = next.Version }) is not { } failure)
            return new SequenceAnswer(null, next);
        if (before is null)
            await Index.ForgetAsync(Id);
        return NotStored(failure);
    }

    public async Task<SequenceAnswer> DeleteAsync(ExpectedVersion? expected)
    {
        var before = Kept;
        if ((before is null ? SequenceRefusal.Unknown : SequenceChanges.Refuse(before, expected)) is { } refused)
            return new SequenceAnswer(refused, before);
        if (await stored.ClearAsync() is { } failure)
            return NotStored(failure);
        await Index.ForgetAsync(Id);
        DeactivateOnIdle();
        return new SequenceAnswer(null, null);
    }

    private SequenceAnswer NotStored(string failure)
    {
        DeactivateOnIdle(); // Reads again what is stored.
        return new SequenceAnswer(SequenceRefusal.NotStored, Kept, $"nothing was changed: {failure}");
    }
}
