using System.Globalization;
using System.Text.Json;

namespace Armada.Silo.Rooms;

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
