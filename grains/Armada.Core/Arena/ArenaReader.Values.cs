using System.Text.Json;

namespace Armada.Core.Arena;

public static partial class ArenaReader
{
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
