using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Armada.Core.Control;

/// <summary>Control messages and presence as UTF-8 JSON.</summary>
public static class ControlJson
{
    /// <summary>Longest control or presence payload read, in bytes.</summary>
    public const int MaxLength = 16 * 1024;

    private const string NoId = "id is empty";

    /// <summary>A control message as JSON.</summary>
    public static byte[] Write(ControlMessage message) =>
        JsonSerializer.SerializeToUtf8Bytes(message, ControlJsonContext.Default.ControlMessage);

    /// <summary>A reply as JSON.</summary>
    public static byte[] Write(ControlReply reply) => JsonSerializer.SerializeToUtf8Bytes(reply, ControlJsonContext.Default.ControlReply);

    /// <summary>A presence as JSON.</summary>
    public static byte[] Write(Presence presence) => JsonSerializer.SerializeToUtf8Bytes(presence, ControlJsonContext.Default.Presence);

    /// <summary>Reads a control message; null where the bytes are none.</summary>
    public static ControlMessage? ReadMessage(ReadOnlySpan<byte> utf8) => ReadMessage(utf8, out _);

    /// <summary>Reads a control message; null where the bytes are none, and why.</summary>
    public static ControlMessage? ReadMessage(ReadOnlySpan<byte> utf8, out string? error) =>
        Read(utf8, ControlJsonContext.Default.ControlMessage, FindProblem, out error);

    /// <summary>Reads a reply; null where the bytes are none.</summary>
    public static ControlReply? ReadReply(ReadOnlySpan<byte> utf8) => ReadReply(utf8, out _);

    /// <summary>Reads a reply; null where the bytes are none, and why.</summary>
    public static ControlReply? ReadReply(ReadOnlySpan<byte> utf8, out string? error) =>
        Read(utf8, ControlJsonContext.Default.ControlReply, reply => reply.Id.Length == 0 ? NoId : null, out error);

    /// <summary>Reads a presence; null where the bytes are none.</summary>
    public static Presence? ReadPresence(ReadOnlySpan<byte> utf8) => ReadPresence(utf8, out _);

    /// <summary>Reads a presence; null where the bytes are none, and why.</summary>
    public static Presence? ReadPresence(ReadOnlySpan<byte> utf8, out string? error) =>
        Read(utf8, ControlJsonContext.Default.Presence, _ => null, out error);

    private static string? FindProblem(ControlMessage message) =>
        message.Id.Length == 0 ? NoId
        : message is { Op: ControlOp.StreamStart, Epoch: null } ? "stream-start needs an epoch"
        : message is { Op: ControlOp.Torque, On: null } ? "torque needs on"
        : message is { Op: ControlOp.Certificate, Certificate: null } ? "certificate needs a certificate"
        : message.RateHz is { } rate && !(rate > 0 && double.IsFinite(rate)) ? "rate_hz must be above 0"
        : null;

    private static T? Read<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type, Func<T, string?> findProblem, out string? error)
        where T : class
    {
        if (utf8.Length > MaxLength)
        {
            error = $"longer than {MaxLength} bytes";
            return null;
        }

        try
        {
            var value = JsonSerializer.Deserialize(utf8, type);
            error = value is null ? "null" : findProblem(value);
            return error is null ? value : null;
        }
        catch (JsonException malformed)
        {
            error = malformed.Message;
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
