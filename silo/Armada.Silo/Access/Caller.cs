namespace Armada.Silo.Access;

/// <summary>What a caller may do; each role may do all that the ones before it may.</summary>
public enum Role
{
    /// <summary>Look.</summary>
    Viewer,

    /// <summary>Command, bind, stop and reset robots.</summary>
    Operator,

    /// <summary>Make and remove robots, change their limits, and say who else may do what.</summary>
    Admin,
}

/// <summary>Who asks for something.</summary>
/// <param name="Name">Key name or token subject; "local" where the silo runs open on loopback.</param>
/// <param name="Role">What it may do.</param>
/// <param name="From">Address it asks from.</param>
internal sealed record Caller(string Name, Role Role, string From)
{
    /// <summary>Who does what nobody asked for, such as a lease that runs out.</summary>
    public static Caller Silo { get; } = new("silo", Role.Admin, "silo");
}
