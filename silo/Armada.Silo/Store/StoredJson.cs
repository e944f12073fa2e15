using System.Text.Json.Serialization;
using Armada.Silo.Access.Keys;

namespace Armada.Silo.Store;

/// <summary>How every document of the silo is written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(StoredKey))]
internal sealed partial class StoredJson : JsonSerializerContext;
