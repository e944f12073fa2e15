using System.ComponentModel;
using Armada.Silo.Audit;

namespace Armada.Silo.Access.Keys;

internal sealed record NewKey(
    [property: Description("1 to 64 of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit; not local, silo or unknown.")] string Name,
    [property: Description("What its callers may do.")] Role Role,
    [property: Description("When it expires; left out for never.")] DateTimeOffset? ExpiresAt = null) : IAudited
{
    string? IAudited.Subject => Name;

    string? IAudited.Detail => KindNames.Of(Role);
}

internal sealed record MadeKeyView(
    [property: Description("The key itself. It is shown this once and kept nowhere.")] string Key,
    KeyView About);

/// <summary>A key without its secret.</summary>
internal sealed record KeyView(
    string Id,
    string Name,
    Role Role,
    DateTimeOffset Created,
    DateTimeOffset? ExpiresAt,
    [property: Description("When it was revoked; null while it was not.")] DateTimeOffset? Revoked,
    [property: Description("The last day (UTC) it was used on.")] DateOnly? LastUsed,
    [property: Description("Whether it is valid now.")] bool Good)
{
    public static KeyView Of(ApiKey key, DateTimeOffset now) =>
        new(key.Id, key.Name, key.Role, key.Created, key.Expires, key.Revoked, key.LastUsed, key.IsValid(now));
}
