using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Armada.Core.Rooms;

namespace Armada.Silo.Rooms;

/// <summary>What POST …/rooms asks for.</summary>
/// <param name="RoomId">The room's id, or null for a new one.</param>
/// <param name="MaxConsumers">Most consumers it may have.</param>
internal sealed record NewRoom(string? RoomId, int MaxConsumers);

/// <summary>The bodies of RobotHub's requests.</summary>
internal static class RoomBodies
{
    /// <summary>Most consumers of a room unless its maker says otherwise.</summary>
    public const int UsualConsumers = 10;

    /// <summary>Most consumers that a room may be given.</summary>
    public const int MostConsumers = 100;

    private const int MostJoints = 20;
    private const double LargestValue = 360; // RobotHub's bound, whatever the unit; the robot's own limits are narrower.

    /// <summary>Reads the body of POST …/rooms, which may be missing.</summary>
    public static NewRoom? ReadNewRoom(ReadOnlyMemory<byte> utf8, RoomFaults faults)
    {
        var usual = new NewRoom(null, UsualConsumers);
        return utf8.IsEmpty ? usual : faults.Read(
            utf8, root => root.ValueKind == JsonValueKind.Null ? usual : Take(new RoomFields(root, faults, "body"), faults));
    }

    /// <summary>Reads the body of POST …/command.</summary>
    public static IReadOnlyList<RoomJoint>? ReadCommand(ReadOnlyMemory<byte> utf8, RoomFaults faults) => faults.Read(utf8, root =>
    {
        var joints = new RoomFields(root, faults, "body").List("joints", MostJoints);
        return joints.Select((item, index) => Take(new RoomFields(item, faults, "body", "joints", index))).ToArray();
    });

    private static NewRoom Take(RoomFields body, RoomFaults faults)
    {
        var id = body.Text("room_id");
        if (id is { Length: > 0 })
            faults.Id(id, "body", "room_id");
        body.Text("workspace_id");
        body.Text("name");
        if (body.Text("robot_type") is not (null or "so-arm100" or "generic"))
            body.Add("robot_type", "enum", "Input should be 'so-arm100' or 'generic'");
        var most = body.Number("max_consumers", 1, MostConsumers, whole: true);
        return new NewRoom(id is { Length: > 0 } ? id : null, (int)(most ?? UsualConsumers));
    }

    private static RoomJoint Take(RoomFields joint) => new(
        joint.Text("name", needed: true, RoomReader.MaxJointNameLength) ?? "",
        joint.Number("value", -LargestValue, LargestValue, needed: true) ?? 0,
        joint.Number("speed", 0, RoomReader.MaxSpeed));
}

/// <summary>Bodies as bytes: what they hold is checked and worded as RobotHub's server does it.</summary>
internal static class RoomRequests
{
    /// <summary>The whole body; the host bounds its size.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(this HttpContext context, CancellationToken cancellation)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, cancellation);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}

/// <summary>What is wrong with a request, in the shape of RobotHub's server: type, place and message each.</summary>
internal sealed class RoomFaults
{
    /// <summary>All of it; empty where nothing is.</summary>
    public JsonArray All { get; } = [];

    /// <summary>Says that something is wrong.</summary>
    /// <param name="type">For programs, such as missing.</param>
    /// <param name="message">For people.</param>
    /// <param name="place">Where: path or body, then names and indices.</param>
    public void Add(string type, string message, params IEnumerable<object> place)
    {
        var at = new JsonArray();
        foreach (var part in place)
            at.Add(part is int index ? JsonValue.Create(index) : JsonValue.Create((string)part));
        All.Add(new JsonObject { ["type"] = type, ["loc"] = at, ["msg"] = message });
    }

    /// <summary>Checks the id of a workspace or a room.</summary>
    public void Id(string? id, params IEnumerable<object> place)
    {
        if (!RoomReader.IsId(id))
            Add("value_error", $"Id should have 1 to {RoomReader.MaxIdLength} characters, none of them a control character", place);
    }

    /// <summary>Reads a body; null with faults where it is not what it should be.</summary>
    public T? Read<T>(ReadOnlyMemory<byte> utf8, Func<JsonElement, T?> take)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var read = take(document.RootElement);
            return All.Count == 0 ? read : null;
        }
        catch (JsonException malformed)
        {
            Add("json_invalid", $"JSON decode error: {malformed.Message}", "body");
        }
        catch (InvalidOperationException)
        {
            Add("string_unicode", "Input should be Unicode", "body"); // Half a surrogate pair, or bytes that are not UTF-8.
        }

        return null;
    }
}

/// <summary>A JSON object of a request, read field by field; what is wrong goes to its faults. Unknown members are left aside.</summary>
internal readonly struct RoomFields
{
    private readonly JsonElement of;
    private readonly RoomFaults faults;
    private readonly object[] place;

    /// <summary>Of what should be an object.</summary>
    public RoomFields(JsonElement of, RoomFaults faults, params object[] place)
    {
        (this.of, this.faults, this.place) = (of, faults, place);
        IsObject = of.ValueKind == JsonValueKind.Object;
        if (!IsObject)
            faults.Add("model_attributes_type", "Input should be a valid dictionary or object to extract fields from", place);
    }

    /// <summary>Whether it is one; otherwise that is a fault already and every field is null.</summary>
    public bool IsObject { get; }

    /// <summary>A text; null where it is left out.</summary>
    public string? Text(string member, bool needed = false, int longest = int.MaxValue)
    {
        if (!TryFind(member, needed, out var value))
            return null;
        var text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        if (text is null)
            Add(member, "string_type", "Input should be a valid string");
        else if (needed && text.Length == 0)
            Add(member, "string_too_short", "String should have at least 1 character");
        else if (text.Length > longest)
            Add(member, "string_too_long", $"String should have at most {Words(longest)} characters");
        return text;
    }

    /// <summary>A number within bounds; null where it is left out.</summary>
    public double? Number(string member, double least, double most, bool needed = false, bool whole = false)
    {
        if (!TryFind(member, needed, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || (whole && !double.IsInteger(number)))
        {
            Add(member, whole ? "int_type" : "float_type", $"Input should be a valid {(whole ? "integer" : "number")}");
            return null;
        }

        if (number < least)
            Add(member, "greater_than_equal", $"Input should be greater than or equal to {Words(least)}");
        else if (number > most)
            Add(member, "less_than_equal", $"Input should be less than or equal to {Words(most)}");
        return number;
    }

    /// <summary>The items of a list.</summary>
    public IReadOnlyList<JsonElement> List(string member, int most)
    {
        if (!TryFind(member, needed: true, out var value))
            return [];
        if (value.ValueKind != JsonValueKind.Array)
            Add(member, "list_type", "Input should be a valid list");
        else if (value.GetArrayLength() is var length && length == 0)
            Add(member, "too_short", "List should have at least 1 item after validation, not 0");
        else if (length > most)
            Add(member, "too_long", $"List should have at most {Words(most)} items after validation, not {Words(length)}");
        else
            return [.. value.EnumerateArray()];
        return [];
    }

    /// <summary>Says what is wrong with a member.</summary>
    public void Add(string member, string type, string message) => faults.Add(type, message, [.. place, member]);

    // Null is as good as left out, unless it is needed.
    private bool TryFind(string member, bool needed, out JsonElement value)
    {
        value = default;
        if (!IsObject)
            return false;
        var there = of.TryGetProperty(member, out value);
        if (!there && needed)
            Add(member, "missing", "Field required");
        return there && (needed || value.ValueKind != JsonValueKind.Null);
    }

    private static string Words(double bound) => bound.ToString(CultureInfo.InvariantCulture);
}
