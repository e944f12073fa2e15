using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Silo.Access;
using Armada.Silo.Api;

namespace Armada.Silo.Audit;

/// <summary>Who did what, when and from where: one line of the trail.</summary>
internal sealed record AuditRecord(
    [property: Description("Number of the record, one more than the one before; a gap means that records were lost.")] long Seq,
    DateTimeOffset At,
    [property: Description("Key name, 'oidc:' and token subject, 'local' for callers without a key, or 'silo' for what it did by itself.")] string Who,
    Role Role,
    [property: Description("Address of the caller.")] string From,
    [property: Description("Such as master-bound.")] string What,
    [property: Description("The robot, key or fleet it happened to.")] string Subject,
    string? Detail = null)
{
    /// <summary>Its line, with the line's end.</summary>
    public byte[] ToLine() => [.. JsonSerializer.SerializeToUtf8Bytes(this, AuditLineJson.Default.AuditRecord), (byte)'\n'];

    /// <summary>From a line without its end; null where it is none of ours.</summary>
    public static AuditRecord? Read(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, AuditLineJson.Default.AuditRecord);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class AuditLineJson : JsonSerializerContext;

[JsonSerializable(typeof(Page<AuditRecord>))]
internal sealed partial class AuditJson : JsonSerializerContext;
