using System.Collections.Immutable;
using System.Text.Json;

namespace Armada.Core.Arena;

public static partial class ArenaReader
{
    private static ArenaMessage.Sequence? ReadSequence(ReadOnlySpan<byte> data, out string? problem)
    {
        var json = new Utf8JsonReader(data);
        string? id = null, name = null;
        bool? loop = null;
        double? total = null;
        var commands = ImmutableArray<ArenaSequenceCommand>.Empty;
        problem = Open(ref json, data, "data");
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("id"u8))
                problem = TakeText(ref json, "id", MaxNameLength, out id);
            else if (json.ValueTextEquals("name"u8))
                problem = TakeText(ref json, "name", MaxNameLength, out name);
            else if (json.ValueTextEquals("commands"u8))
                problem = TakeCommands(ref json, out commands);
            else if (json.ValueTextEquals("loop"u8))
                problem = TakeBool(ref json, "loop", out loop);
            else if (json.ValueTextEquals("total_duration"u8) || json.ValueTextEquals("totalDuration"u8))
                problem = TakeNumber(ref json, "total_duration", out total);
            else
                json.Skip();
        }

        problem ??= FindTimeProblem("total_duration", total) ?? (commands.IsEmpty ? "data.commands has no command" : null);
        return problem is null
            ? new ArenaMessage.Sequence(new ArenaSequence(id ?? "", name ?? "", commands, loop ?? false, TimeOf(total)))
            : null;
    }

    private static string? TakeCommands(ref Utf8JsonReader json, out ImmutableArray<ArenaSequenceCommand> commands)
    {
        commands = [];
        json.Read();
        if (json.TokenType != JsonTokenType.StartArray)
            return "commands must be an array";
        var taken = ImmutableArray.CreateBuilder<ArenaSequenceCommand>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (taken.Count == MaxCommands)
                return $"a sequence has at most {MaxCommands} commands";
            if (TakeSequenceCommand(ref json, out var command) is { } problem)
                return $"commands[{taken.Count}]: {problem}";
            taken.Add(command!);
        }

        commands = taken.DrainToImmutable();
        return null;
    }

    private static string? TakeSequenceCommand(ref Utf8JsonReader json, out ArenaSequenceCommand? command)
    {
        command = null;
        if (json.TokenType != JsonTokenType.StartObject)
            return "must be an object";
        List<RawJoint>? joints = null;
        double? at = null, duration = null;
        string? problem = null;
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("joints"u8))
                problem = TakeJoints(ref json, out joints);
            else if (json.ValueTextEquals("timestamp"u8))
                problem = TakeNumber(ref json, "timestamp", out at);
            else if (json.ValueTextEquals("duration"u8))
                problem = TakeNumber(ref json, "duration", out duration);
            else
                json.Skip();
        }

        problem ??= at is null ? "timestamp is missing"
            : joints is null ? "joints is missing"
            : FindTimeProblem("timestamp", at) ?? FindTimeProblem("duration", duration) ?? FindGoalProblem(joints);
        if (problem is null)
            command = new ArenaSequenceCommand(TimeSpan.FromMilliseconds(at!.Value), [.. joints!.Select(GoalOf)], TimeOf(duration));
        return problem;
    }
}
