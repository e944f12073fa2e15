using System.Text.Json;
using System.Text.Json.Nodes;
using Armada.Core.Rooms;

namespace Armada.Silo.Rooms;

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
            Add("value_error", $"Id should have 1 to {RoomReader.LongestId} characters, none of them a control character", place);
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
