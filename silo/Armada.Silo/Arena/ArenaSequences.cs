using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Armada.Core.Arena;
using Armada.Core.Motions;

namespace Armada.Silo.Arena;

/// <summary>Converts sequences from and to the protocol's form. A sequence that a client sent is kept until its robot plays another one.</summary>
internal sealed class ArenaSequences(ISequences stored)
{
    private readonly ConcurrentDictionary<string, Sequence> sequences = new(StringComparer.Ordinal);

    public void Set(string robot, Sequence sequence) => sequences[robot] = sequence;

    public void Remove(string robot) => sequences.TryRemove(robot, out _);

    /// <summary>The sequence that the robot's master of this name plays, or null.</summary>
    public async ValueTask<ArenaSequence?> FindAsync(string robot, string master, Func<string, string> nameOf) =>
        (sequences.TryGetValue(robot, out var own) && own.Id == master ? own : (await stored.FindAsync(master, CancellationToken.None))?.Sequence) is { } sequence
            ? new ArenaSequence(
                sequence.Id,
                sequence.Name,
                [.. sequence.Commands.Select(command => Command(command, nameOf))],
                sequence.Loop,
                sequence.TotalDuration)
            : null;

    public static bool TryConvert(
        ArenaSequence content, string client, [NotNullWhen(true)] out Sequence? sequence, [NotNullWhen(false)] out string? problem)
    {
        var id = content.Id.Length == 0 ? $"{client}/sequence" : $"{client}/{content.Id}";
        sequence = new Sequence(
            id.Length <= SequenceRules.MaxNameLength ? id : id[..SequenceRules.MaxNameLength],
            content.Name.Length == 0 ? "Sequence" : content.Name,
            [.. content.Commands.Select(Command)],
            content.Loop,
            content.TotalDuration ?? content.Commands.Max(command => command.At + (command.Duration ?? TimeSpan.Zero)));
        var problems = SequenceRules.FindProblems(sequence);
        problem = problems.IsEmpty ? null : string.Join("; ", problems.Take(3).Select(found => $"{found.Path} {found.Text}"));
        if (problem is not null)
            sequence = null;
        return sequence is not null;
    }

    private static SequenceCommand Command(ArenaSequenceCommand command) => new(
        command.At,
        command.Joints.Select(goal => new JointGoal(goal.Name, goal.Value, goal.Speed)).ToImmutableArray(),
        command.Duration);

    private static ArenaSequenceCommand Command(SequenceCommand command, Func<string, string> nameOf) => new(
        command.At,
        [.. command.Goals.Select(goal => new ArenaGoal(nameOf(goal.Joint), goal.Value, goal.Speed))],
        command.Duration);
}
