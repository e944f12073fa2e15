using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Armada.Core.Arena;

/// <summary>
/// Messages from JSON. Members it does not know are passed over; those it knows must have the right type and range. Where a member
/// comes twice, the last one counts, as in JavaScript.
/// </summary>
public static class ArenaReader
{
    /// <summary>Longest message, bytes.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Most joints in a message; a robot has no more.</summary>
    public const int MaxJoints = 32;

    /// <summary>Longest name or id, characters.</summary>
    public const int MaxNameLength = 64;

    /// <summary>Longest text for people, characters.</summary>
    public const int MaxText = 1000;

    /// <summary>Most commands of a sequence.</summary>
    public const int MaxCommands = 1000;

    /// <summary>Longest time in a message: one hour.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromHours(1);

    /// <summary>Reads one message; never throws.</summary>
    /// <param name="utf8">All of it.</param>
    /// <param name="message">The message.</param>
    /// <param name="problem">What is wrong with it, in words.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out ArenaMessage? message, [NotNullWhen(false)] out string? problem)
    {
        message = null;
        problem = utf8.Length > MaxLength ? $"longer than {MaxLength} bytes" : Utf8.IsValid(utf8) ? null : "not UTF-8";
        if (problem is null)
            message = ReadSafely(utf8, out problem);
        if (message is not null)
            return true;
        problem ??= "no message";
        return false;
    }

    private static ArenaMessage? ReadSafely(ReadOnlySpan<byte> utf8, out string? problem)
    {
        try
        {
            var envelope = default(Envelope);
            problem = envelope.FindProblem(utf8);
            return problem is null ? ReadData(envelope, out problem) : null;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // The JSON reader's words for bad syntax and, the second, for an escape that is half a character.
            problem = malformed.Message;
            return null;
        }
    }

    /// <summary>What every message has.</summary>
    private ref struct Envelope
    {
        public string? Type;
        public string? RobotId;
        public string? SlaveId;

        /// <summary>The data member as it stands in the message; empty where there is none.</summary>
        public ReadOnlySpan<byte> Data;

        /// <summary>Reads it; null where it is sound.</summary>
        public string? FindProblem(ReadOnlySpan<byte> utf8)
        {
            var json = new Utf8JsonReader(utf8);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
                return "a message is a JSON object";
            string? problem = null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("type"u8))
                    problem ??= TakeName(ref json, "type", out Type);
                else if (json.ValueTextEquals("robot_id"u8))
                    problem ??= TakeName(ref json, "robot_id", out RobotId);
                else if (json.ValueTextEquals("slave_id"u8))
                    problem ??= TakeName(ref json, "slave_id", out SlaveId);
                else if (json.ValueTextEquals("data"u8))
                    Data = utf8[SkipValue(ref json)];
                else
                    json.Skip();
                if (problem is not null)
                    return problem;
            }

            json.Read(); // Throws where something follows the object.
            return Type is null ? "type is missing" : null;
        }

        private static Range SkipValue(ref Utf8JsonReader json)
        {
            json.Read();
            var from = (int)json.TokenStartIndex;
            json.Skip();
            return json.TokenType == JsonTokenType.Null ? 0..0 : from..(int)json.BytesConsumed;
        }
    }

    private static ArenaMessage? ReadData(in Envelope envelope, out string? problem)
    {
        problem = null;
        var message = envelope.Type switch
        {
            "command" => ReadCommand(envelope.Data, out problem),
            "sequence" => ReadSequence(envelope.Data, out problem),
            "slave_status" => ReadReadings(envelope.Data, out problem) is { } status ? new ArenaMessage.SlaveStatus([.. status]) : null,
            "joint_states" => ReadReadings(envelope.Data, out problem) is { } states ? new ArenaMessage.JointStates([.. states]) : null,
            "command_ack" => ReadAck(envelope.Data, out problem),
            "error" => ReadError(envelope.Data, out problem),
            "status_request" => new ArenaMessage.StatusRequest(),
            "heartbeat" => new ArenaMessage.Heartbeat(),
            "heartbeat_ack" => new ArenaMessage.HeartbeatAck(),
            "status" => new ArenaMessage.Status(),
            _ => (ArenaMessage?)null,
        };
        if (message is null)
            problem ??= $"type '{envelope.Type}' is unknown";
        return message is null ? null : message with { RobotId = envelope.RobotId, SlaveId = envelope.SlaveId };
    }

    private static ArenaMessage.Command? ReadCommand(ReadOnlySpan<byte> data, out string? problem)
    {
        var json = new Utf8JsonReader(data);
        List<RawJoint>? joints = null;
        double? duration = null;
        problem = Open(ref json, data, "data");
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("joints"u8))
                problem = TakeJoints(ref json, out joints);
            else if (json.ValueTextEquals("duration"u8))
                problem = TakeNumber(ref json, "duration", out duration);
            else
                json.Skip();
        }

        problem ??= joints is null ? "data.joints is missing" : FindGoalProblem(joints) ?? FindTimeProblem("duration", duration);
        return problem is null ? new ArenaMessage.Command([.. joints!.Select(GoalOf)], TimeOf(duration)) : null;
    }

    private static IEnumerable<ArenaReading>? ReadReadings(ReadOnlySpan<byte> data, out string? problem)
    {
        var json = new Utf8JsonReader(data);
        List<RawJoint>? joints = null;
        problem = Open(ref json, data, "data");
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("joints"u8))
                problem = TakeJoints(ref json, out joints);
            else
                json.Skip();
        }

        problem ??= joints is null ? "data.joints is missing" : null;
        return problem is null ? joints!.Select(joint => new ArenaReading(joint.Name!, joint.Virtual, joint.Real)) : null;
    }

    private static ArenaMessage.CommandAck? ReadAck(ReadOnlySpan<byte> data, out string? problem)
    {
        problem = null;
        bool? accepted = true;
        string? reason = null;
        if (data.IsEmpty)
            return new ArenaMessage.CommandAck(true, null);
        var json = new Utf8JsonReader(data);
        problem = Open(ref json, data, "data");
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("accepted"u8))
                problem = TakeBool(ref json, "accepted", out accepted);
            else if (json.ValueTextEquals("reason"u8))
                problem = TakeText(ref json, "reason", MaxText, out reason);
            else
                json.Skip();
        }

        return problem is null ? new ArenaMessage.CommandAck(accepted ?? true, reason) : null;
    }

    private static ArenaMessage.Error? ReadError(ReadOnlySpan<byte> data, out string? problem)
    {
        problem = null;
        string? code = null, text = null;
        if (data.IsEmpty)
            return new ArenaMessage.Error(null, "");
        var json = new Utf8JsonReader(data);
        problem = Open(ref json, data, "data");
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("code"u8))
                problem = TakeName(ref json, "code", out code);
            else if (json.ValueTextEquals("message"u8))
                problem = TakeText(ref json, "message", MaxText, out text);
            else
                json.Skip();
        }

        return problem is null ? new ArenaMessage.Error(code, text ?? "") : null;
    }

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

    private static ArenaGoal GoalOf(RawJoint joint) => new(joint.Name!, joint.Value!.Value, joint.Speed is > 0 ? joint.Speed : null);

    // The requirement's own client takes a duration or speed of 0 for one that is not given.
    private static TimeSpan? TimeOf(double? milliseconds) => milliseconds is > 0 ? TimeSpan.FromMilliseconds(milliseconds.Value) : null;

    private static string? FindGoalProblem(List<RawJoint> joints)
    {
        foreach (var joint in joints)
        {
            if (joint.Value is null)
                return $"joint {joint.Name}: value is missing";
            if (joint.Speed < 0)
                return $"joint {joint.Name}: speed must be above 0";
        }

        return null;
    }

    private static string? FindTimeProblem(string member, double? milliseconds) =>
        milliseconds is { } given && !(given >= 0 && given <= MaxTime.TotalMilliseconds)
            ? $"{member} must be 0 to {MaxTime.TotalMilliseconds} ms"
            : null;

    private static string? Open(ref Utf8JsonReader json, ReadOnlySpan<byte> data, string member) =>
        data.IsEmpty ? $"{member} is missing"
        : !json.Read() || json.TokenType != JsonTokenType.StartObject ? $"{member} must be an object"
        : null;

    private static string? TakeJoints(ref Utf8JsonReader json, out List<RawJoint>? joints)
    {
        joints = null;
        json.Read();
        if (json.TokenType != JsonTokenType.StartArray)
            return "joints must be an array";
        var taken = new List<RawJoint>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (taken.Count == MaxJoints)
                return $"more than {MaxJoints} joints";
            if (TakeJoint(ref json, out var joint) is { } problem)
                return $"joints[{taken.Count}]: {problem}";
            if (taken.Exists(other => other.Name == joint.Name))
                return $"joint {joint.Name} comes twice";
            taken.Add(joint);
        }

        joints = taken;
        return taken.Count == 0 ? "joints is empty" : null;
    }

    private static string? TakeJoint(ref Utf8JsonReader json, out RawJoint joint)
    {
        joint = default;
        if (json.TokenType != JsonTokenType.StartObject)
            return "must be an object";
        string? problem = null;
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("name"u8))
                problem = TakeName(ref json, "name", out joint.Name);
            else if (json.ValueTextEquals("value"u8))
                problem = TakeNumber(ref json, "value", out joint.Value);
            else if (json.ValueTextEquals("speed"u8))
                problem = TakeNumber(ref json, "speed", out joint.Speed);
            else if (json.ValueTextEquals("virtual_value"u8))
                problem = TakeNumber(ref json, "virtual_value", out joint.Virtual);
            else if (json.ValueTextEquals("real_value"u8))
                problem = TakeNumber(ref json, "real_value", out joint.Real);
            else
                json.Skip();
        }

        return problem ?? (joint.Name is null ? "name is missing" : null);
    }

    private static string? TakeName(ref Utf8JsonReader json, string member, out string? name) =>
        TakeText(ref json, member, MaxNameLength, out name) ?? (name is { Length: 0 } ? $"{member} is empty" : null);

    private static string? TakeText(ref Utf8JsonReader json, string member, int longest, out string? text)
    {
        text = null;
        json.Read();
        if (json.TokenType == JsonTokenType.Null)
            return null;
        if (json.TokenType != JsonTokenType.String)
            return $"{member} must be a string";
        text = json.GetString();
        return text!.Length > longest ? $"{member} has more than {longest} characters" : null;
    }

    private static string? TakeNumber(ref Utf8JsonReader json, string member, out double? number)
    {
        number = null;
        json.Read();
        if (json.TokenType == JsonTokenType.Null)
            return null;
        if (json.TokenType != JsonTokenType.Number || !json.TryGetDouble(out var given) || !double.IsFinite(given))
            return $"{member} must be a finite number";
        number = given;
        return null;
    }

    private static string? TakeBool(ref Utf8JsonReader json, string member, out bool? flag)
    {
        json.Read();
        flag = json.TokenType switch { JsonTokenType.True => true, JsonTokenType.False => false, _ => null };
        return flag is null && json.TokenType != JsonTokenType.Null ? $"{member} must be true or false" : null;
    }

    private struct RawJoint
    {
        public string? Name;
        public double? Value;
        public double? Speed;
        public double? Virtual;
        public double? Real;
    }
}
