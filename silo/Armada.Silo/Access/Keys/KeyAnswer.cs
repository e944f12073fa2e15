namespace Armada.Silo.Access.Keys;

/// <summary>Why a key was not made or revoked.</summary>
internal enum KeyRefusal
{
    /// <summary>A good key has the name.</summary>
    Exists,

    /// <summary>There are <see cref="KeyRing.Most"/> good keys.</summary>
    TooMany,

    /// <summary>No good admin key would be left.</summary>
    NoAdminLeft,

    /// <summary>There is no such key.</summary>
    Unknown,
}

/// <summary>What became of a change.</summary>
/// <param name="Refused">Why nothing was changed, or null.</param>
/// <param name="Key">The key as it is now, where there is one.</param>
/// <param name="Text">Of a new key its text, which nobody can ask for again.</param>
internal sealed record KeyAnswer(KeyRefusal? Refused, ApiKey? Key, string? Text = null)
{
    public override string ToString() => $"{nameof(KeyAnswer)} {Refused} {Key?.Id}"; // Without the text.
}
