using System.Text.Json;

namespace Armada.Core.Rooms;

/// <summary>Reads the messages of a room's participants: UTF-8 JSON, unknown members ignored. Never throws.</summary>
public static class RoomReader
{
    /// <summary>Of a workspace, room or participant, characters.</summary>
    public const int MaxIdLength = 100;

    /// <summary>Characters.</summary>
    public const int MaxJointNameLength = 50;

    /// <summary>Longest text of a sender that is passed on, characters.</summary>
    public const int MaxReasonLength = 500;

    /// <summary>Percent.</summary>
    public const double MaxSpeed = 100;

    private delegate T? Take<T>(JsonElement root, out string? error);

    public static bool IsId(string? id) => id is { Length: > 0 and <= MaxIdLength } && !id.Any(char.IsControl);

    /// <summary>Reads the first message; null and why where it is none.</summary>
    public static RoomJoin? ReadJoin(ReadOnlyMemory<byte> utf8, out string? error) => Read<RoomJoin>(utf8, TakeJoin, out error);

    /// <summary>Reads a later message; null and why where it is none.</summary>
    public static RoomMessage? ReadMessage(ReadOnlyMemory<byte> utf8, out string? error) => Read<RoomMessage>(utf8, TakeMessage, out error);

    private static T? Read<T>(ReadOnlyMemory<byte> utf8, Take<T> take, out string? error)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return take(document.RootElement, out error);
            error = "not a JSON object";
        }
        catch (JsonException malformed)
        {
            error = malformed.Message;
        }
        catch (InvalidOperationException)
        {
            error = "a text is not Unicode"; // Half a surrogate pair, or bytes that are not UTF-8.
        }

        return null;
    }

    private static RoomJoin? TakeJoin(JsonElement root, out string? error)
    {
        var id = Text(root, "participant_id");
        var role = Text(root, "role");
        error = !IsId(id) ? $"participant_id must be 1 to {MaxIdLength} characters, none of them a control character"
            : role is not ("producer" or "consumer") ? "role must be producer or consumer"
            : null;
        return error is not null ? null : new RoomJoin(
            id!, role == "producer" ? RoomRole.Producer : RoomRole.Consumer, IsTrue(root, "takeover"), IsTrue(root, "presence"));
    }

    private static RoomMessage? TakeMessage(JsonElement root, out string? error)
    {
        error = null;
        return Text(root, "type") switch
        {
            "joint_update" => TakeUpdate(root, out error),
            "heartbeat" => new RoomMessage.Heartbeat(),
            "emergency_stop" => new RoomMessage.EmergencyStop(Cut(Text(root, "reason"))),
            "status_update" or "consumer_status" or "state_sync" or "joined" or "error" or "heartbeat_ack" => new RoomMessage.Unhandled(),
            var type => new RoomMessage.Unknown(Cut(type) ?? "none"),
        };
    }

    private static RoomMessage.JointUpdate? TakeUpdate(JsonElement root, out string? error)
    {
        error = null;
        if (!root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
        {
            error = "data must be a list of joints";
            return null;
        }

        var joints = new List<RoomJoint>();
        string? problem = null;
        foreach (var item in data.EnumerateArray())
        {
            if (TakeJoint(item, out var wrong) is not { } joint)
                problem ??= wrong;
            else if (joints.FindIndex(earlier => earlier.Name == joint.Name) is var at and >= 0)
                joints[at] = joint;
            else
                joints.Add(joint);
        }

        return new RoomMessage.JointUpdate([.. joints], problem);
    }

    private static RoomJoint? TakeJoint(JsonElement item, out string? wrong)
    {
        var name = item.ValueKind == JsonValueKind.Object ? Text(item, "name") : null;
        if (name is not { Length: > 0 and <= MaxJointNameLength })
        {
            wrong = $"a joint's name must be 1 to {MaxJointNameLength} characters";
            return null;
        }

        var value = Number(item, "value");
        var speed = Number(item, "speed");
        wrong = value is not { } given || !double.IsFinite(given) ? $"{name}: value must be a number"
            : speed is not null and not (>= 0 and <= MaxSpeed) ? $"{name}: speed must be 0 to 100"
            : null;
        return wrong is null ? new RoomJoint(name, value!.Value, speed) : null;
    }

    private static string? Text(JsonElement of, string member) =>
        of.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // NaN stands for a member that is there and is no number, so that it is refused and not overlooked.
    private static double? Number(JsonElement of, string member) =>
        !of.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number
        : double.NaN;

    private static bool IsTrue(JsonElement of, string member) =>
        of.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.True;

    private static string? Cut(string? text) => text is { Length: > MaxReasonLength } ? text[..MaxReasonLength] : text;
}
