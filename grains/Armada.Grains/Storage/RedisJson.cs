using System.Text.Json.Serialization;

namespace Armada.Grains.Storage;

/// <summary>A record that was set aside in Redis.</summary>
internal sealed record RedisSetAsideRecord(
    string StateName, string GrainType, string GrainKey, string ETag, long At, string Reason, byte[] Data);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RedisSetAsideRecord))]
internal sealed partial class RedisJson : JsonSerializerContext;
