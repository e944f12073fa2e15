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

    public const int MaxJoints = 32;

    /// <summary>Longest name or id, characters.</summary>
    public const int MaxNameLength = 64;

    /// <summary>Longest text for people, characters.</summary>
    public const int MaxText = 1000;

    public const int MaxCommands = 1000;

    public static readonly TimeSpan MaxTime = TimeSpan.FromHours(1);

    /// <summary>Reads one message; never throws.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out ArenaMessage? message, [NotNullWhen(false)] out string? problem)
    {
        message = null;
        problem = utf8.Length > MaxLength ? $"longer than {MaxLength} bytes" : Utf8.IsValid(utf8) ? null : "not UTF-8";
        if (problem is not null)
            return false;
        try
        {
            var json = new Utf8JsonReader(utf8);
            using var document = JsonDocument.ParseValue(ref json);
            json.Read(); // Throws where something follows the object.
            message = ReadMessage(document.RootElement, ref problem);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // The JSON reader's words for bad syntax and, the second, for an escape that is half a character.
            problem = malformed.Message;
        }

        return message is not null;
    }

    // The methods below note the first problem, and give null where there is one.
    private static ArenaMessage? ReadMessage(JsonElement root, ref string? problem)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            problem = "a message is a JSON object";
            return null;
        }

        var type = Name(root, "type", ref problem);
        var robot = Name(root, "robot_id", ref problem);
        var slave = Name(root, "slave_id", ref problem);
        var data = Member(root, "data");
        if (type is null)
            problem ??= "type is missing";
        if (problem is not null)
            return null;
        ArenaMessage? message = type switch
        {
            "command" => ReadCommand(data, ref problem),
            "sequence" => ReadSequence(data, ref problem),
            "slave_status" => ReadReadings(data, ref problem) is { } status ? new ArenaMessage.SlaveStatus([.. status]) : null,
            "joint_states" => ReadReadings(data, ref problem) is { } states ? new ArenaMessage.JointStates([.. states]) : null,
            "command_ack" => ReadAck(data, ref problem),
            "error" => ReadError(data, ref problem),
            "status_request" => new ArenaMessage.StatusRequest(),
            "heartbeat" => new ArenaMessage.Heartbeat(),
            "heartbeat_ack" => new ArenaMessage.HeartbeatAck(),
            "status" => new ArenaMessage.Status(),
            _ => null,
        };
        if (message is null)
            problem ??= $"type '{type}' is unknown";
        return message is null ? null : message with { RobotId = robot, SlaveId = slave };
    }

    private static ArenaMessage.Command? ReadCommand(JsonElement? data, ref string? problem)
    {
        if (!IsObject(data, "data", ref problem))
            return null;
        var goals = Goals(data.Value, ref problem);
        var duration = Time(data.Value, "duration", ref problem);
        return problem is null ? new ArenaMessage.Command([.. goals], PositiveOrNull(duration)) : null;
    }

    private static IEnumerable<ArenaReading>? ReadReadings(JsonElement? data, ref string? problem)
    {
        if (!IsObject(data, "data", ref problem))
            return null;
        var joints = Joints(data.Value, ref problem);
        return problem is null ? joints.Select(joint => new ArenaReading(joint.Name, joint.Virtual, joint.Real)) : null;
    }

    private static ArenaMessage.CommandAck? ReadAck(JsonElement? data, ref string? problem)
    {
        if (data is null)
            return new ArenaMessage.CommandAck(true, null);
        if (!IsObject(data, "data", ref problem))
            return null;
        var accepted = Flag(data.Value, "accepted", ref problem) ?? true;
        var reason = Text(data.Value, "reason", MaxText, ref problem);
        return problem is null ? new ArenaMessage.CommandAck(accepted, reason) : null;
    }

    private static ArenaMessage.Error? ReadError(JsonElement? data, ref string? problem)
    {
        if (data is null)
            return new ArenaMessage.Error(null, "");
        if (!IsObject(data, "data", ref problem))
            return null;
        var code = Name(data.Value, "code", ref problem);
        var text = Text(data.Value, "message", MaxText, ref problem) ?? "";
        return problem is null ? new ArenaMessage.Error(code, text) : null;
    }

    private static ArenaMessage.Sequence? ReadSequence(JsonElement? data, ref string? problem)
    {
        if (!IsObject(data, "data", ref problem))
            return null;
        var id = Text(data.Value, "id", MaxNameLength, ref problem) ?? "";
        var name = Text(data.Value, "name", MaxNameLength, ref problem) ?? "";
        var loop = Flag(data.Value, "loop", ref problem) ?? false;
        var total = Time(data.Value, "total_duration", ref problem) ?? Time(data.Value, "totalDuration", ref problem);
        var commands = ImmutableArray.CreateBuilder<ArenaSequenceCommand>();
        foreach (var item in Items(data.Value, "commands", MaxCommands, ref problem))
        {
            if (ReadSequenceCommand(item, $"commands[{commands.Count}]", ref problem) is not { } command)
                return null;
            commands.Add(command);
        }

        return problem is null
            ? new ArenaMessage.Sequence(new ArenaSequence(id, name, commands.DrainToImmutable(), loop, PositiveOrNull(total)))
            : null;
    }

    private static ArenaSequenceCommand? ReadSequenceCommand(JsonElement item, string path, ref string? problem)
    {
        string? own = null;
        if (IsObject(item, "it", ref own))
        {
            var at = Time(item, "timestamp", ref own);
            if (at is null)
                own ??= "timestamp is missing";
            var duration = Time(item, "duration", ref own);
            var goals = Goals(item, ref own);
            if (own is null)
                return new ArenaSequenceCommand(at!.Value, [.. goals], PositiveOrNull(duration));
        }

        problem ??= $"{path}: {own}";
        return null;
    }

    private static List<ArenaGoal> Goals(JsonElement of, ref string? problem)
    {
        var goals = new List<ArenaGoal>();
        foreach (var joint in Joints(of, ref problem))
        {
            if (joint.Value is not { } value)
                problem ??= $"joint {joint.Name}: value is missing";
            else if (joint.Speed < 0)
                problem ??= $"joint {joint.Name}: speed must be above 0";
            else
                goals.Add(new ArenaGoal(joint.Name, value, joint.Speed is > 0 ? joint.Speed : null));
        }

        return goals;
    }

    private static List<RawJoint> Joints(JsonElement of, ref string? problem)
    {
        var joints = new List<RawJoint>();
        foreach (var item in Items(of, "joints", MaxJoints, ref problem))
        {
            if (ReadJoint(item, $"joints[{joints.Count}]", ref problem) is not { } joint)
                break;
            if (joints.Exists(other => other.Name == joint.Name))
                problem ??= $"joint {joint.Name} comes twice";
            joints.Add(joint);
        }

        return joints;
    }

    private static RawJoint? ReadJoint(JsonElement item, string path, ref string? problem)
    {
        string? own = null;
        if (IsObject(item, "it", ref own))
        {
            var name = Name(item, "name", ref own);
            if (name is null)
                own ??= "name is missing";
            var joint = new RawJoint(
                name!,
                Number(item, "value", ref own),
                Number(item, "speed", ref own),
                Number(item, "virtual_value", ref own),
                Number(item, "real_value", ref own));
            if (own is null)
                return joint;
        }

        problem ??= $"{path}: {own}";
        return null;
    }

    private static JsonElement[] Items(JsonElement of, string member, int most, ref string? problem)
    {
        if (Member(of, member) is not { } list)
            problem ??= $"{member} is missing";
        else if (list.ValueKind != JsonValueKind.Array)
            problem ??= $"{member} must be an array";
        else if (list.GetArrayLength() is var count && (count == 0 || count > most))
            problem ??= $"{member} must have 1 to {most} items, not {count}";
        else
            return [.. list.EnumerateArray()];
        return [];
    }

    private static bool IsObject([NotNullWhen(true)] JsonElement? element, string member, ref string? problem)
    {
        if (element is { ValueKind: JsonValueKind.Object })
            return true;
        problem ??= element is null ? $"{member} is missing" : $"{member} must be an object";
        return false;
    }

    private static string? Name(JsonElement of, string member, ref string? problem)
    {
        var name = Text(of, member, MaxNameLength, ref problem);
        if (name is { Length: 0 })
            problem ??= $"{member} is empty";
        return name;
    }

    private static string? Text(JsonElement of, string member, int longest, ref string? problem)
    {
        if (Member(of, member) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.String)
        {
            problem ??= $"{member} must be a string";
            return null;
        }

        var text = value.GetString()!;
        if (text.Length > longest)
            problem ??= $"{member} has more than {longest} characters";
        return text;
    }

    private static TimeSpan? Time(JsonElement of, string member, ref string? problem)
    {
        if (Number(of, member, ref problem) is not { } milliseconds)
            return null;
        if (milliseconds >= 0 && milliseconds <= MaxTime.TotalMilliseconds)
            return TimeSpan.FromMilliseconds(milliseconds);
        problem ??= $"{member} must be 0 to {MaxTime.TotalMilliseconds} ms";
        return null;
    }

    // The requirement's own client takes a duration of 0 for one that is not given.
    private static TimeSpan? PositiveOrNull(TimeSpan? time) => time > TimeSpan.Zero ? time : null;

    private static double? Number(JsonElement of, string member, ref string? problem)
    {
        if (Member(of, member) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
            return number;
        problem ??= $"{member} must be a finite number";
        return null;
    }

    private static bool? Flag(JsonElement of, string member, ref string? problem)
    {
        if (Member(of, member) is not { } value)
            return null;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            problem ??= $"{member} must be true or false";
        return value.ValueKind == JsonValueKind.True;
    }

    private static JsonElement? Member(JsonElement of, string member) =>
        of.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private readonly record struct RawJoint(string Name, double? Value, double? Speed, double? Virtual, double? Real);
}
