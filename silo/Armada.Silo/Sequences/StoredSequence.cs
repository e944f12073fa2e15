using System.Text.Json.Serialization;
using Armada.Core.Motions;
using Armada.Core.Topics;

namespace Armada.Silo.Sequences;

/// <summary>A sequence's file.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
/// <param name="Version">The sequence's version.</param>
/// <param name="Sequence">The sequence.</param>
internal sealed record StoredSequence(int Format, long Version, SequenceBody Sequence)
{
    private const int CurrentFormat = 1;

    /// <summary>The file of a sequence.</summary>
    public static StoredSequence Of(VersionedSequence kept) => new(CurrentFormat, kept.Version, SequenceBody.Of(kept.Sequence));

    /// <summary>What is wrong with it, given its file's name without ending; or null.</summary>
    public string? Fault(string name)
    {
        if (Format != CurrentFormat)
            return $"its format is {Format}, this silo reads {CurrentFormat}";
        if (!DeviceName.IsValid(Sequence.Id ?? "") || Sequence.Id != name)
            return $"it holds sequence '{Sequence.Id}'";
        if (Demonstrations.Find(name) is not null)
            return $"'{name}' is a built-in sequence";
        return SequenceRules.FindProblems(Sequence.ToSequence()) is [var problem, ..] ? $"{problem.Path}: {problem.Text}" : null;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 80, // A body may be 64 deep, and the file is a little deeper than the body.
    WriteIndented = true)]
[JsonSerializable(typeof(StoredSequence))]
internal sealed partial class StoredSequenceJson : JsonSerializerContext;
