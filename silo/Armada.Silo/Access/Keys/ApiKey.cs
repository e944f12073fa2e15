namespace Armada.Silo.Access.Keys;

/// <summary>An API key as it is kept. Its secret is not: only what tells whether a secret is the right one.</summary>
/// <param name="Id">Part of the key that names it; 12 hexadecimal digits.</param>
/// <param name="Name">Unique among the valid keys.</param>
/// <param name="SecretSha256">SHA-256 of the secret, base64. The secret has 256 random bits, so a slow hash would add nothing.</param>
/// <param name="LastUsed">A day in UTC.</param>
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
    public bool IsValid(DateTimeOffset now) => Revoked is null && (Expires is null || now < Expires);
}

internal sealed record StoredKey(int Format, ApiKey Key)
{
    public const int Current = 1;

    public string? FindProblem(string id) =>
        Format != Current ? $"its format is {Format}, this silo reads {Current}"
        : Key.Id != id || !KeySecret.IsId(Key.Id) ? $"it holds key '{Key.Id}'"
        : Key.SecretSha256.Length != KeySecret.HashBytes ? "its hash has the wrong length"
        : !Enum.IsDefined(Key.Role) ? $"its role is {Key.Role}"
        : null;
}
