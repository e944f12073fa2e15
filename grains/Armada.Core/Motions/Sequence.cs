using System.Collections.Immutable;
using Armada.Core.Robots;

namespace Armada.Core.Motions;

/// <summary>A stored series of timed commands.</summary>
/// <param name="Id">Its id, which is the master's name while it plays.</param>
/// <param name="Name">Its name for people, 1 to 64 characters.</param>
/// <param name="Commands">1 to 1000 commands, in the order of their times.</param>
/// <param name="Loop">Whether it begins again at its end unless the player says otherwise.</param>
/// <param name="TotalDuration">How long it lasts, up to an hour; longer where its last goals take longer to reach.</param>
[GenerateSerializer, Immutable, Alias("armada.sequence")]
public sealed record Sequence(
    [Id(0)] string Id,
    [Id(1)] string Name,
    [Id(2)] ImmutableArray<SequenceCommand> Commands,
    [Id(3)] bool Loop,
    [Id(4)] TimeSpan TotalDuration)
{
    public bool Equals(Sequence? other) =>
        other is not null && Id == other.Id && Name == other.Name && Loop == other.Loop && TotalDuration == other.TotalDuration
        && Commands.AsSpan().SequenceEqual(other.Commands.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Id, Name, Loop, TotalDuration, Commands.IsDefault ? 0 : Commands.Length);
}

/// <summary>Where some joints are to go at one time of a sequence; the others go on with what they do.</summary>
/// <param name="At">Time since the sequence's beginning.</param>
/// <param name="Goals">1 to 32 goals, one a joint.</param>
/// <param name="Duration">Time to take; null or zero for as fast as speeds and limits let it.</param>
/// <param name="Metadata">JSON object that its author keeps with it, or null; it means nothing here.</param>
[GenerateSerializer, Immutable, Alias("armada.sequence.command")]
public sealed record SequenceCommand(
    [Id(0)] TimeSpan At, [Id(1)] ImmutableArray<JointGoal> Goals, [Id(2)] TimeSpan? Duration = null, [Id(3)] string? Metadata = null)
{
    public bool Equals(SequenceCommand? other) =>
        other is not null && At == other.At && Duration == other.Duration && Metadata == other.Metadata
        && Goals.AsSpan().SequenceEqual(other.Goals.AsSpan());

    public override int GetHashCode() => HashCode.Combine(At, Duration, Metadata, Goals.IsDefault ? 0 : Goals.Length);
}

/// <summary>Something wrong with a sequence or command.</summary>
/// <param name="Path">The field as the JSON form names it, such as commands[3].joints[0].value.</param>
/// <param name="Text">What is wrong with it, in words.</param>
public readonly record struct SequenceProblem(string Path, string Text);
