using System.Text.Json;
using System.Text.Json.Serialization;

namespace Armada.Wire.Control;

/// <summary>Control messages and presence as UTF-8 JSON.</summary>
public static class ControlJson
{
    /// <summary>Longest control or presence payload read, in bytes.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>A control message as JSON.</summary>
    public static byte[] Write(ControlMessage message) =>
        JsonSerializer.SerializeToUtf8Bytes(message, ControlJsonContext.Default.ControlMessage);

    /// <summary>A reply as JSON.</summary>
    public static byte[] Write(ControlReply reply) => JsonSerializer.SerializeToUtf8Bytes(reply, ControlJsonContext.Default.ControlReply);

    /// <summary>A presence as JSON.</summary>
    public static byte[] Write(Presence presence) => JsonSerializer.SerializeToUtf8Bytes(presence, ControlJsonContext.Default.Presence);

    /// <summary>Reads a control message; null where the bytes are none.</summary>
    public static ControlMessage? ReadMessage(ReadOnlySpan<byte> utf8) =>
        Read(utf8, ControlJsonContext.Default.ControlMessage) is { Id.Length: > 0 } message ? message : null;

    /// <summary>Reads a reply; null where the bytes are none.</summary>
    public static ControlReply? ReadReply(ReadOnlySpan<byte> utf8) =>
        Read(utf8, ControlJsonContext.Default.ControlReply) is { Id.Length: > 0 } reply ? reply : null;

    /// <summary>Reads a presence; null where the bytes are none.</summary>
    public static Presence? ReadPresence(ReadOnlySpan<byte> utf8) => Read(utf8, ControlJsonContext.Default.Presence);

    private static T? Read<T>(ReadOnlySpan<byte> utf8, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        if (utf8.Length > MaxLength)
            return null;
        try
        {
            return JsonSerializer.Deserialize(utf8, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ControlMessage))]
[JsonSerializable(typeof(ControlReply))]
[JsonSerializable(typeof(Presence))]
internal sealed partial class ControlJsonContext : JsonSerializerContext;
