using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Core.Motions;
using Armada.Silo.Audit;

namespace Armada.Silo.Sequences;

/// <summary>A sequence as it is written in JSON, in the words of LeRobot Arena's command sequences.</summary>
internal sealed record SequenceBody(
    [property: Description("For people, 1 to 64 characters.")] string Name,
    [property: Description("1 to 1000, in the order of their times.")] IReadOnlyList<SequenceCommandBody> Commands,
    [property: Description("1 to 64 of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit; may be left out where the address says it.")]
    string? Id = null,
    [property: Description("Begin again at the end, unless the player says otherwise.")] bool Loop = false,
    [property: Description("Milliseconds, up to an hour; left out, it ends with its last command.")] double? TotalDuration = null,
    [property: Description("The same as total_duration."), JsonPropertyName("totalDuration")] double? CamelTotalDuration = null)
    : IAudited
{
    string? IAudited.Subject => Id;

    string? IAudited.Detail => Name;

    public static SequenceBody Of(Sequence sequence) => new(
        sequence.Name,
        [.. sequence.Commands.Select(SequenceCommandBody.Of)],
        sequence.Id,
        sequence.Loop,
        sequence.TotalDuration.TotalMilliseconds);

    /// <summary>With whatever problems it has.</summary>
    public Sequence ToSequence()
    {
        ImmutableArray<SequenceCommand> commands = [.. Commands.Select(command => command?.ToCommand()!)];
        var total = TotalDuration ?? CamelTotalDuration;
        return new Sequence(Id ?? "", Name, commands, Loop, total is { } ms ? Milliseconds.ToTime(ms) : EndOf(commands));
    }

    private static TimeSpan EndOf(ImmutableArray<SequenceCommand> commands) => commands
        .Where(command => command is not null)
        .Select(command => command.At + (command.Duration ?? TimeSpan.Zero))
        .Append(TimeSpan.Zero)
        .Max();
}

internal sealed record SequenceCommandBody(
    [property: Description("Milliseconds since the sequence's beginning.")] double Timestamp,
    [property: Description("1 to 32, each joint once.")] IReadOnlyList<JointGoalBody> Joints,
    [property: Description("Milliseconds to take; left out or 0, as fast as speeds and limits let it.")] double? Duration = null,
    [property: Description("Kept with the command; means nothing to the silo. At most 4096 characters.")] JsonElement? Metadata = null)
{
    public static SequenceCommandBody Of(SequenceCommand command) => new(
        command.At.TotalMilliseconds,
        [.. command.Goals.Select(JointGoalBody.Of)],
        command.Duration?.TotalMilliseconds,
        command.Metadata is { } metadata ? JsonElement.Parse(metadata) : null);

    public SequenceCommand ToCommand() => new(
        Milliseconds.ToTime(Timestamp),
        JointGoalBody.ToGoals(Joints),
        Duration is { } ms ? Milliseconds.ToTime(ms) : null,
        Metadata is { ValueKind: not JsonValueKind.Null } metadata ? JsonSerializer.Serialize(metadata, ApiJson.Default.JsonElement) : null); // Compact, so that the same content is the same text.
}
