using System.Text.Json.Serialization;

namespace Armada.Grains.Storage;

/// <summary>What of a record of the audit log nothing is asked by: the field "record" of an entry of a stream.</summary>
internal sealed record RedisAuditRecord(long At, string Who, string Role, string From, string? Detail);

internal sealed record RedisSetAsideRecord(
    string StateName, string GrainType, string GrainKey, string ETag, long At, string Reason, byte[] Data);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RedisAuditRecord))]
[JsonSerializable(typeof(RedisSetAsideRecord))]
internal sealed partial class RedisJson : JsonSerializerContext;
