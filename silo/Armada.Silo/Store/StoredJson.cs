using System.Text.Json.Serialization;
using Armada.Silo.Access.Keys;
using Armada.Silo.Identities;
using Armada.Silo.Identities.Registry;
using Armada.Silo.Provisioning;

namespace Armada.Silo.Store;

/// <summary>How every document of the silo is written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(StoredKey))]
[JsonSerializable(typeof(StoredRevocations))]
[JsonSerializable(typeof(StoredDevice))]
[JsonSerializable(typeof(EnrollmentToken))]
[JsonSerializable(typeof(StoredLastSeen))]
internal sealed partial class StoredJson : JsonSerializerContext;
