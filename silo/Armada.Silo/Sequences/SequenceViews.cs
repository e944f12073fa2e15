using System.ComponentModel;
using Armada.Core.Motions;

namespace Armada.Silo.Sequences;

internal sealed record SequenceView(
    string Id,
    string Name,
    IReadOnlyList<SequenceCommandBody> Commands,
    bool Loop,
    [property: Description("Milliseconds.")] double TotalDuration,
    [property: Description("It came with the silo and cannot be changed.")] bool BuiltIn)
{
    public static SequenceView Of(VersionedSequence kept)
    {
        var body = SequenceBody.Of(kept.Sequence);
        return new(kept.Sequence.Id, body.Name, body.Commands, body.Loop, kept.Sequence.TotalDuration.TotalMilliseconds, kept.IsBuiltIn);
    }
}

internal sealed record SequenceSummary(
    string Id,
    string Name,
    int CommandCount,
    bool Loop,
    [property: Description("Milliseconds.")] double TotalDuration,
    [property: Description("It came with the silo and cannot be changed.")] bool BuiltIn)
{
    public static SequenceSummary Of(VersionedSequence kept) => new(
        kept.Sequence.Id,
        kept.Sequence.Name,
        kept.Sequence.Commands.Length,
        kept.Sequence.Loop,
        kept.Sequence.TotalDuration.TotalMilliseconds,
        kept.IsBuiltIn);
}
