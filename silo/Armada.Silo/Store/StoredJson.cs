using System.Text.Json.Serialization;

namespace Armada.Silo.Store;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(StoredRobot))]
[JsonSerializable(typeof(StoredFleet))]
internal sealed partial class StoredJson : JsonSerializerContext;
