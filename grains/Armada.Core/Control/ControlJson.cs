using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Armada.Core.Control;

/// <summary>Control messages and presence as UTF-8 JSON.</summary>
public static class ControlJson
{
    /// <summary>Longest control or presence payload read, in bytes.</summary>
    public const int MaxLength = 16 * 1024;

    public static byte[] Write(ControlMessage message) =>
        JsonSerializer.SerializeToUtf8Bytes(message, ControlJsonContext.Default.ControlMessage);

    public static byte[] Write(ControlReply reply) => JsonSerializer.SerializeToUtf8Bytes(reply, ControlJsonContext.Default.ControlReply);

    public static byte[] Write(Presence presence) => JsonSerializer.SerializeToUtf8Bytes(presence, ControlJsonContext.Default.Presence);

    /// <summary>Null where the bytes are no control message.</summary>
    public static ControlMessage? ReadMessage(ReadOnlySpan<byte> utf8) =>
        Read(utf8, ControlJsonContext.Default.ControlMessage) is { } message && IsValid(message) ? message : null;

    /// <summary>Null where the bytes are no reply.</summary>
    public static ControlReply? ReadReply(ReadOnlySpan<byte> utf8) =>
        Read(utf8, ControlJsonContext.Default.ControlReply) is { Id.Length: > 0 } reply ? reply : null;

    /// <summary>Null where the bytes are no presence.</summary>
    public static Presence? ReadPresence(ReadOnlySpan<byte> utf8) => Read(utf8, ControlJsonContext.Default.Presence);

    private static bool IsValid(ControlMessage message) =>
        message is { Id.Length: > 0, RateHz: null or (> 0 and < double.PositiveInfinity) }
        && message is not ({ Op: ControlOp.StreamStart, Epoch: null }
            or { Op: ControlOp.Torque, On: null }
            or { Op: ControlOp.Certificate, Certificate: null }
            or { Op: ControlOp.Recover, Joint: null });

    private static T? Read<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type)
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
    AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ControlMessage))]
[JsonSerializable(typeof(ControlReply))]
[JsonSerializable(typeof(Presence))]
internal sealed partial class ControlJsonContext : JsonSerializerContext;
