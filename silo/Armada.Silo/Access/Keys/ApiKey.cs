using System.Text.Json.Serialization;

namespace Armada.Silo.Access.Keys;

/// <summary>An API key as it is kept. Its secret is not: only what tells whether a secret is the right one.</summary>
/// <param name="Id">Part of the key that names it; 12 hexadecimal digits.</param>
/// <param name="Name">What people call it; unique among the keys that are good.</param>
/// <param name="Role">What its callers may do.</param>
/// <param name="SecretSha256">SHA-256 of the secret, base64. The secret has 256 random bits, so a slow hash would add nothing.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">From when on it is no longer good, or null for never.</param>
/// <param name="Revoked">When it was revoked, or null.</param>
/// <param name="LastUsed">The last day (UTC) it was used on, or null.</param>
internal sealed record ApiKey(
    string Id,
    string Name,
    Role Role,
    byte[] SecretSha256,
    DateTimeOffset Created,
    DateTimeOffset? Expires,
    DateTimeOffset? Revoked,
    DateOnly? LastUsed)
{
    /// <summary>Whether it opens a door at this time.</summary>
    public bool IsGood(DateTimeOffset now) => Revoked is null && (Expires is null || now < Expires);
}

/// <summary>A key's file.</summary>
/// <param name="Format">Version of the file's shape; 1.</param>
/// <param name="Key">The key.</param>
internal sealed record StoredKey(int Format, ApiKey Key)
{
    /// <summary>The only shape there is.</summary>
    public const int Known = 1;

    /// <summary>What is wrong with it, given its file's name; or null.</summary>
    public string? Fault(string fileName) =>
        Format != Known ? $"its format is {Format}, this silo reads {Known}"
        : Key.Id != fileName || !KeySecret.IsId(Key.Id) ? $"it holds key '{Key.Id}'"
        : Key.SecretSha256.Length != KeySecret.HashBytes ? "its hash has the wrong length"
        : !Enum.IsDefined(Key.Role) ? $"its role is {Key.Role}"
        : null;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(StoredKey))]
internal sealed partial class StoredKeyJson : JsonSerializerContext;
