using System.ComponentModel;
using System.Text.Json.Serialization;
using Armada.Silo.Audit;

namespace Armada.Silo.Access.Keys;

/// <summary>A key to be made.</summary>
internal sealed record NewKey(
    [property: Description("1 to 64 of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit; not local, silo or unknown.")] string Name,
    [property: Description("What its callers may do.")] Role Role,
    [property: Description("From when on it is no longer good; left out for never.")] DateTimeOffset? ExpiresAt = null) : IAudited
{
    string? IAudited.Subject => Name;

    string? IAudited.Detail => Role.ToString().ToLowerInvariant();
}

/// <summary>A key that was just made.</summary>
internal sealed record MadeKeyView(
    [property: Description("The key itself. It is shown this once and kept nowhere.")] string Key,
    KeyView About);

/// <summary>A key, without what opens doors.</summary>
internal sealed record KeyView(
    string Id,
    string Name,
    Role Role,
    DateTimeOffset Created,
    DateTimeOffset? ExpiresAt,
    [property: Description("When it was revoked; null while it was not.")] DateTimeOffset? Revoked,
    [property: Description("The last day (UTC) it was used on.")] DateOnly? LastUsed,
    [property: Description("Whether it opens doors now.")] bool Good)
{
    /// <summary>Of a key at a time.</summary>
    public static KeyView Of(ApiKey key, DateTimeOffset now) =>
        new(key.Id, key.Name, key.Role, key.Created, key.Expires, key.Revoked, key.LastUsed, key.IsGood(now));
}

[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(MadeKeyView))]
[JsonSerializable(typeof(KeyView))]
[JsonSerializable(typeof(Page<KeyView>))]
internal sealed partial class KeyJson : JsonSerializerContext;
