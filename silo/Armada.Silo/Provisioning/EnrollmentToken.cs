using System.Text.Json.Serialization;
using Armada.Core.Devices;
using Armada.Core.Topics;
using Armada.Silo.Access.Keys;

namespace Armada.Silo.Provisioning;

/// <summary>A token with which one device enrolls itself, as it is kept: a hash, not the token.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
/// <param name="Id">Its id, which is in the token too.</param>
/// <param name="Hash">SHA-256 of the token's secret.</param>
/// <param name="Kind">Word of the kind of the device.</param>
/// <param name="Role">Of a board, what its arm does.</param>
/// <param name="Site">Where the device stands, or null.</param>
/// <param name="Name">The device's name, or null where the device says it.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">Until when it is good.</param>
/// <param name="Use">Who uses or used it; null while nobody did.</param>
internal sealed record EnrollmentToken(
    int Format,
    string Id,
    byte[] Hash,
    string Kind,
    BoardRole? Role,
    string? Site,
    string? Name,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    TokenUse? Use)
{
    /// <summary>Version of the file's shape.</summary>
    public const int Current = 1;

    /// <summary>What is wrong with it, given its file's name without ending; or null.</summary>
    public string? Fault(string file)
    {
        if (Format != Current)
            return $"its format is {Format}, this silo reads {Current}";
        if (!KeySecret.IsId(Id) || Id != file || Hash.Length != KeySecret.HashBytes)
            return "its id or its hash is none";
        if (!DeviceKinds.TryParse(Kind, out var kind) || (Role is null) != (kind != DeviceKind.MicroPythonArm))
            return $"its kind '{Kind}' and its role do not fit";
        return (Name ?? Use?.Device) is { } name && !DeviceName.IsValid(name) ? $"'{name}' is no device's name" : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"enrollment token {Id}"; // Without the hash.
}

/// <summary>Who uses a token.</summary>
/// <param name="Device">The device's name.</param>
/// <param name="KeyHash">SHA-256 of its public key, lower-case hexadecimal; a repeated call comes with the same key.</param>
/// <param name="Done">Whether the device got its identity: from then on it must be there for the call to be repeated.</param>
internal sealed record TokenUse(string Device, string KeyHash, bool Done);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(EnrollmentToken))]
internal sealed partial class EnrollmentJson : JsonSerializerContext;
