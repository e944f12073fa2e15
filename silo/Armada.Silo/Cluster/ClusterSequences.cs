using Armada.Core.Motions;
using Armada.Core.Topics;
using Armada.Grains.Sequences;
using Armada.Silo.Engine;

namespace Armada.Silo.Cluster;

/// <summary>The built-in sequences, which every silo has, and one grain for each that was stored.</summary>
internal sealed class ClusterSequences(IGrainFactory grains) : ISequences
{
    public async ValueTask<IReadOnlyList<string>> ListAsync(CancellationToken cancellation)
    {
        var stored = await grains.GetGrain<ISequenceIndexGrain>(ISequenceIndexGrain.Key).ListAsync().AnswerAsync("the directory of sequences", cancellation);
        return [.. stored.Union(Demonstrations.All.Select(sequence => sequence.Id)).Order(StringComparer.Ordinal)];
    }

    public async ValueTask<VersionedSequence?> FindAsync(string id, CancellationToken cancellation) =>
        SequenceChanges.FindBuiltIn(id) ?? (DeviceName.IsValid(id) ? await Grain(id).ReadAsync().AnswerAsync(Name(id), cancellation) : null);

    public async ValueTask<SequenceAnswer> PutAsync(Sequence sequence, ExpectedVersion? expected, CancellationToken cancellation)
    {
        if (!DeviceName.IsValid(sequence.Id))
            throw new ArgumentException($"'{sequence.Id}' is no id of a stored sequence", nameof(sequence));
        return Refuse(sequence.Id, expected)
            ?? await Grain(sequence.Id).PutAsync(sequence, expected).AnswerAsync(Name(sequence.Id), cancellation);
    }

    public async ValueTask<SequenceAnswer> DeleteAsync(string id, ExpectedVersion? expected, CancellationToken cancellation) =>
        Refuse(id, expected)
            ?? (DeviceName.IsValid(id)
                ? await Grain(id).DeleteAsync(expected).AnswerAsync(Name(id), cancellation)
                : new SequenceAnswer(SequenceRefusal.Unknown, null));

    private static string Name(string id) => $"sequence {id}";

    private static SequenceAnswer? Refuse(string id, ExpectedVersion? expected) =>
        SequenceChanges.FindBuiltIn(id) is { } builtIn && SequenceChanges.Refuse(builtIn, expected) is { } refused
            ? new SequenceAnswer(refused, builtIn)
            : null;

    private ISequenceGrain Grain(string id) => grains.GetGrain<ISequenceGrain>(id);
}
