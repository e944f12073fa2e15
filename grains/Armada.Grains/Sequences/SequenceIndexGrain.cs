using System.Collections.Immutable;
using Armada.Core.Motions;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Sequences;

/// <summary>The directory of all stored sequences. It may list one that does not exist, but every one that exists is listed.</summary>
[GrainType("armada.sequence-index"), KeepAlive]
public sealed partial class SequenceIndexGrain : Grain, ISequenceIndexGrain
{
    private readonly ILogger<SequenceIndexGrain> logger;
    private readonly StoredState<SequenceIndexState> stored;

    /// <summary>Made by Orleans.</summary>
    public SequenceIndexGrain(ILogger<SequenceIndexGrain> logger)
    {
        this.logger = logger;
        stored = new StoredState<SequenceIndexState>(GrainContext, "sequence-index");
    }

    private ImmutableSortedSet<string> Ids => stored.Value.Ids.ToImmutableSortedSet(StringComparer.Ordinal);

    public override Task OnActivateAsync(CancellationToken cancellationToken) => stored.ReadAsync();

    public Task<ImmutableArray<string>> ListAsync() => Task.FromResult<ImmutableArray<string>>([.. Ids]);

    public async Task<SequenceAnswer> RegisterAsync(string id)
    {
        var ids = Ids;
        if (ids.Contains(id))
            return new SequenceAnswer(null, null);
        if (SequenceChanges.RefuseOneMore(ids.Count) is { } full)
            return new SequenceAnswer(full, null);
        return await WriteAsync(ids.Add(id)) is { } failure
            ? new SequenceAnswer(SequenceRefusal.NotStored, null, $"nothing was changed: {failure}")
            : new SequenceAnswer(null, null);
    }

    public async Task ForgetAsync(string id)
    {
        if (Ids.Contains(id) && await WriteAsync(Ids.Remove(id)) is { } failure)
            LogNotForgotten(id, failure);
    }

    private async Task<string?> WriteAsync(ImmutableSortedSet<string> next)
    {
        var failure = await stored.WriteAsync(new SequenceIndexState { Ids = [.. next] });
        if (failure is not null)
            DeactivateOnIdle(); // Reads again what is stored.
        return failure;
    }

    [LoggerMessage(1672, LogLevel.Warning, "Sequence {Sequence} does not exist, but stays listed until it is stored or removed again: {Failure}")]
    private partial void LogNotForgotten(string sequence, string failure);
}
