using System.Globalization;

namespace Armada.Core.Motions;

/// <summary>The rules for sequences, independent of the robot; whether a robot can play one is for <see cref="SequenceMotion"/>.</summary>
public static class SequenceRules
{
    public const int MaxCommands = 1000;

    /// <summary>Characters.</summary>
    public const int MaxNameLength = 64;

    /// <summary>Characters of one command's metadata.</summary>
    public const int MaxMetadata = 4096;

    public static TimeSpan Longest { get; } = TimeSpan.FromHours(1);

    /// <summary>All problems, in the order of the fields.</summary>
    public static ImmutableArray<SequenceProblem> FindProblems(Sequence sequence)
    {
        var problems = ImmutableArray.CreateBuilder<SequenceProblem>();
        if (string.IsNullOrEmpty(sequence.Id) || sequence.Id.Length > MaxNameLength)
            problems.Add(new("id", $"must be 1 to {MaxNameLength} characters"));
        if (string.IsNullOrWhiteSpace(sequence.Name) || sequence.Name.Length > MaxNameLength)
            problems.Add(new("name", $"must be 1 to {MaxNameLength} characters, not all blank"));
        if (sequence.TotalDuration < TimeSpan.Zero || sequence.TotalDuration > Longest)
            problems.Add(new("total_duration", $"must be 0 to {Ms(Longest)} ms"));
        if (sequence.Commands.IsDefaultOrEmpty || sequence.Commands.Length > MaxCommands)
            problems.Add(new("commands", $"must be 1 to {MaxCommands}"));
        else
            FindInCommands(sequence, problems);
        return problems.ToImmutable();
    }

    private static void FindInCommands(Sequence sequence, ImmutableArray<SequenceProblem>.Builder problems)
    {
        var before = TimeSpan.Zero;
        for (var index = 0; index < sequence.Commands.Length; index++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"commands[{index}]");
            if (sequence.Commands[index] is not { } command)
            {
                problems.Add(new(path, "is missing"));
                continue;
            }

            if (command.At < before)
                problems.Add(new($"{path}.timestamp", $"goes back: {Ms(command.At)} ms after {Ms(before)} ms"));
            else if (command.At > sequence.TotalDuration && sequence.TotalDuration >= TimeSpan.Zero)
                problems.Add(new($"{path}.timestamp", $"{Ms(command.At)} ms is after the end at {Ms(sequence.TotalDuration)} ms"));
            before = command.At > before ? command.At : before;
            if (command.Duration is { } duration && (duration < TimeSpan.Zero || duration > Longest))
                problems.Add(new($"{path}.duration", $"must be 0 to {Ms(Longest)} ms"));
            if (command.Metadata?.Length > MaxMetadata)
                problems.Add(new($"{path}.metadata", $"must be at most {MaxMetadata} characters"));
            problems.AddRange(GoalRules.FindProblems(command.Goals, $"{path}.joints"));
        }
    }

    private static string Ms(TimeSpan time) => time.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture);
}
