using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Armada.Core.Arena;
using Armada.Core.Motions;
using Armada.Core.Robots;

namespace Armada.Silo.Arena;

/// <summary>Motions from and to the protocol's form; those that clients sent are kept as long as their robot plays nothing else.</summary>
internal sealed class ArenaSequences(ISequences stored)
{
    private readonly ConcurrentDictionary<string, Sequence> sent = new(StringComparer.Ordinal);

    /// <summary>Keeps what a client has a robot play.</summary>
    public void Keep(string robot, Sequence sequence) => sent[robot] = sequence;

    /// <summary>The robot is gone.</summary>
    public void Forget(string robot) => sent.TryRemove(robot, out _);

    /// <summary>What a robot's master of this name plays, or null.</summary>
    public async ValueTask<ArenaSequence?> FindAsync(string robot, string master, Func<string, string> nameOf) =>
        (sent.TryGetValue(robot, out var own) && own.Id == master ? own : (await stored.FindAsync(master, CancellationToken.None))?.Sequence) is { } sequence
            ? new ArenaSequence(
                sequence.Id,
                sequence.Name,
                [.. sequence.Commands.Select(command => Command(command, nameOf))],
                sequence.Loop,
                sequence.TotalDuration)
            : null;

    /// <summary>A message's motion as a sequence, where it keeps the rules of sequences.</summary>
    /// <param name="content">What was sent.</param>
    /// <param name="client">Who sent it; its motions are called after it, so that none passes for a stored one.</param>
    /// <param name="sequence">The sequence.</param>
    /// <param name="problem">What is wrong with it, in words.</param>
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
