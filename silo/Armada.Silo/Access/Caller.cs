namespace Armada.Silo.Access;

/// <summary>What a caller may do; each role may do all that the ones before it may.</summary>
public enum Role
{
    /// <summary>May read.</summary>
    Viewer,

    /// <summary>May command, bind, stop and reset robots.</summary>
    Operator,

    /// <summary>May create and remove robots, change their limits, and manage keys and devices.</summary>
    Admin,
}

/// <param name="Name">Name of the key, subject of the token; "local" where callers are anonymous.</param>
internal sealed record Caller(string Name, Role Role, string From)
{
    /// <summary>The caller of what nobody asked for, such as a lease that expires.</summary>
    public static Caller Silo { get; } = new("silo", Role.Admin, "silo");
}

/// <summary>What a caller was authenticated by; a feature of every authenticated request.</summary>
/// <param name="Expires">When it expires; null for never.</param>
/// <param name="Holds">Whether it is still valid; any thread.</param>
internal sealed record Credential(Caller Caller, DateTimeOffset? Expires, Func<bool> Holds);
