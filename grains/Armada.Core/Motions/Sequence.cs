using Armada.Core.Robots;

namespace Armada.Core.Motions;

/// <param name="Id">Also the name of the master while it plays.</param>
/// <param name="Name">1 to 64 characters.</param>
/// <param name="Commands">1 to 1000 commands, in the order of their times.</param>
/// <param name="Loop">Whether it repeats, unless the player says otherwise.</param>
/// <param name="TotalDuration">Up to an hour; extended where the last goals take longer to reach.</param>
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

/// <summary>Goals of some joints at one time of a sequence; the others continue.</summary>
/// <param name="Goals">1 to 32, one per joint.</param>
/// <param name="Duration">Null or zero for as fast as speeds and limits allow.</param>
/// <param name="Metadata">JSON object of the author, or null; not interpreted.</param>
[GenerateSerializer, Immutable, Alias("armada.sequence.command")]
public sealed record SequenceCommand(
    [Id(0)] TimeSpan At, [Id(1)] ImmutableArray<JointGoal> Goals, [Id(2)] TimeSpan? Duration = null, [Id(3)] string? Metadata = null)
{
    public bool Equals(SequenceCommand? other) =>
        other is not null && At == other.At && Duration == other.Duration && Metadata == other.Metadata
        && Goals.AsSpan().SequenceEqual(other.Goals.AsSpan());

    public override int GetHashCode() => HashCode.Combine(At, Duration, Metadata, Goals.IsDefault ? 0 : Goals.Length);
}

/// <param name="Path">The field as the JSON form names it, such as commands[3].joints[0].value.</param>
public readonly record struct SequenceProblem(string Path, string Text);
