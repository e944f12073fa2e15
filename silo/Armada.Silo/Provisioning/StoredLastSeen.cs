using System.Text.Json.Serialization;

namespace Armada.Silo.Provisioning;

/// <summary>The file of when each device was seen last.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
/// <param name="Devices">Times by device.</param>
internal sealed record StoredLastSeen(int Format, IReadOnlyDictionary<string, DateTimeOffset> Devices)
{
    private const int Current = 1;

    /// <summary>The file of these.</summary>
    public static StoredLastSeen Of(IEnumerable<KeyValuePair<string, DateTimeOffset>> devices) =>
        new(Current, devices.OrderBy(device => device.Key, StringComparer.Ordinal).ToDictionary());

    /// <summary>What is wrong with it; or null.</summary>
    public string? Fault() => Format == Current ? null : $"its format is {Format}, this silo reads {Current}";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    WriteIndented = true)]
[JsonSerializable(typeof(StoredLastSeen))]
internal sealed partial class LastSeenJson : JsonSerializerContext;
