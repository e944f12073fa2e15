using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Armada.Core.Rooms;

namespace Armada.Silo.Rooms;

/// <param name="RoomId">Null: a random one.</param>
internal sealed record NewRoom(string? RoomId, int MaxConsumers);

internal static class RoomRequestBodies
{
    public const int DefaultMaxConsumers = 10;
    public const int MaxConsumersLimit = 100;
    private const int MaxJoints = 20;
    private const double MaxValue = 360; // RobotHub's limit in any unit; the robot's own limits are narrower.

    /// <summary>Reads a body as bytes, so that its errors can be reported in RobotHub's form.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(this HttpContext context, CancellationToken cancellation)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, cancellation);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    public static NewRoom? ReadNewRoom(ReadOnlyMemory<byte> utf8, RoomRequestErrors errors)
    {
        var usual = new NewRoom(null, DefaultMaxConsumers);
        return utf8.IsEmpty ? usual : errors.Read(
            utf8, root => root.ValueKind == JsonValueKind.Null ? usual : Take(new JsonFields(root, errors, "body"), errors));
    }

    public static IReadOnlyList<RoomJoint>? ReadCommand(ReadOnlyMemory<byte> utf8, RoomRequestErrors errors) => errors.Read(utf8, root =>
    {
        var joints = new JsonFields(root, errors, "body").List("joints", MaxJoints);
        return joints.Select((item, index) => Take(new JsonFields(item, errors, "body", "joints", index))).ToArray();
    });

    private static NewRoom Take(JsonFields body, RoomRequestErrors errors)
    {
        var id = body.Text("room_id");
        if (id is { Length: > 0 })
            errors.CheckId(id, "body", "room_id");
        body.Text("workspace_id");
        body.Text("name");
        if (body.Text("robot_type") is not (null or "so-arm100" or "generic"))
            body.Add("robot_type", "enum", "Input should be 'so-arm100' or 'generic'");
        var most = body.Number("max_consumers", 1, MaxConsumersLimit, whole: true);
        return new NewRoom(id is { Length: > 0 } ? id : null, (int)(most ?? DefaultMaxConsumers));
    }

    private static RoomJoint Take(JsonFields joint) => new(
        joint.Text("name", required: true, RoomReader.MaxJointNameLength) ?? "",
        joint.Number("value", -MaxValue, MaxValue, required: true) ?? 0,
        joint.Number("speed", 0, RoomReader.MaxSpeed));
}

/// <summary>Errors of a request in RobotHub's form: type, location and message.</summary>
internal sealed class RoomRequestErrors
{
    public JsonArray All { get; } = [];

    public void Add(string type, string message, params IEnumerable<object> place)
    {
        var at = new JsonArray();
        foreach (var part in place)
            at.Add(part is int index ? JsonValue.Create(index) : JsonValue.Create((string)part));
        All.Add(new JsonObject { ["type"] = type, ["loc"] = at, ["msg"] = message });
    }

    public void CheckId(string? id, params IEnumerable<object> place)
    {
        if (!RoomName.IsId(id))
            Add("value_error", $"Id should have 1 to {RoomReader.MaxIdLength} characters without control characters and '/', and not be '.' or '..'", place);
    }

    /// <summary>Reads a body; null with errors if it is invalid.</summary>
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

/// <summary>Reads a JSON object member by member and collects the errors. Unknown members are ignored.</summary>
internal readonly struct JsonFields
{
    private readonly JsonElement of;
    private readonly RoomRequestErrors errors;
    private readonly object[] place;

    public JsonFields(JsonElement of, RoomRequestErrors errors, params object[] place)
    {
        (this.of, this.errors, this.place) = (of, errors, place);
        IsObject = of.ValueKind == JsonValueKind.Object;
        if (!IsObject)
            errors.Add("model_attributes_type", "Input should be a valid dictionary or object to extract fields from", place);
    }

    /// <summary>If not, that error is collected already and every member reads as null.</summary>
    public bool IsObject { get; }

    public string? Text(string member, bool required = false, int maxLength = int.MaxValue)
    {
        if (!TryFind(member, required, out var value))
            return null;
        var text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        if (text is null)
            Add(member, "string_type", "Input should be a valid string");
        else if (required && text.Length == 0)
            Add(member, "string_too_short", "String should have at least 1 character");
        else if (text.Length > maxLength)
            Add(member, "string_too_long", $"String should have at most {Format(maxLength)} characters");
        return text;
    }

    public double? Number(string member, double min, double most, bool required = false, bool whole = false)
    {
        if (!TryFind(member, required, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || (whole && !double.IsInteger(number)))
        {
            Add(member, whole ? "int_type" : "float_type", $"Input should be a valid {(whole ? "integer" : "number")}");
            return null;
        }

        if (number < min)
            Add(member, "greater_than_equal", $"Input should be greater than or equal to {Format(min)}");
        else if (number > most)
            Add(member, "less_than_equal", $"Input should be less than or equal to {Format(most)}");
        return number;
    }

    public IReadOnlyList<JsonElement> List(string member, int most)
    {
        if (!TryFind(member, required: true, out var value))
            return [];
        if (value.ValueKind != JsonValueKind.Array)
            Add(member, "list_type", "Input should be a valid list");
        else if (value.GetArrayLength() is var length && length == 0)
            Add(member, "too_short", "List should have at least 1 item after validation, not 0");
        else if (length > most)
            Add(member, "too_long", $"List should have at most {Format(most)} items after validation, not {Format(length)}");
        else
            return [.. value.EnumerateArray()];
        return [];
    }

    public void Add(string member, string type, string message) => errors.Add(type, message, [.. place, member]);

    // A null counts as missing unless the member is required.
    private bool TryFind(string member, bool required, out JsonElement value)
    {
        value = default;
        if (!IsObject)
            return false;
        var there = of.TryGetProperty(member, out value);
        if (!there && required)
            Add(member, "missing", "Field required");
        return there && (required || value.ValueKind != JsonValueKind.Null);
    }

    private static string Format(double bound) => bound.ToString(CultureInfo.InvariantCulture);
}
