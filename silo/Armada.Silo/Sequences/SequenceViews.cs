using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Core.Motions;

namespace Armada.Silo.Sequences;

/// <summary>A sequence.</summary>
internal sealed record SequenceView(
    string Id,
    string Name,
    IReadOnlyList<SequenceCommandBody> Commands,
    bool Loop,
    [property: Description("Milliseconds.")] double TotalDuration,
    [property: Description("It came with the silo and cannot be changed.")] bool BuiltIn)
{
    /// <summary>The view of a sequence.</summary>
    public static SequenceView Of(VersionedSequence kept)
    {
        var body = SequenceBody.Of(kept.Sequence);
        return new(kept.Sequence.Id, body.Name, body.Commands, body.Loop, kept.Sequence.TotalDuration.TotalMilliseconds, kept.IsBuiltIn);
    }
}

/// <summary>A sequence in a list.</summary>
internal sealed record SequenceSummary(
    string Id,
    string Name,
    int CommandCount,
    bool Loop,
    [property: Description("Milliseconds.")] double TotalDuration,
    [property: Description("It came with the silo and cannot be changed.")] bool BuiltIn)
{
    /// <summary>The summary of a sequence.</summary>
    public static SequenceSummary Of(VersionedSequence kept) => new(
        kept.Sequence.Id,
        kept.Sequence.Name,
        kept.Sequence.Commands.Length,
        kept.Sequence.Loop,
        kept.Sequence.TotalDuration.TotalMilliseconds,
        kept.IsBuiltIn);
}

[JsonSerializable(typeof(SequenceBody))]
[JsonSerializable(typeof(SequenceView))]
[JsonSerializable(typeof(Page<SequenceSummary>))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class SequenceJson : JsonSerializerContext
{
    /// <summary>JSON in one form, so that the same content is the same text.</summary>
    public static string Compact(JsonElement json) => JsonSerializer.Serialize(json, Default.JsonElement);
}
