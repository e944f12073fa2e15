using Armada.Core.Topics;

namespace Armada.Silo.Access.Keys;

internal static class KeyRules
{
    // Callers without a key have these names in the audit trail.
    private static readonly string[] Taken = ["local", "silo", "unknown"];

    public static string? FindNameProblem(string name) =>
        !DeviceName.IsValid(name) ? $"'{name}' must be 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit"
        : Array.IndexOf(Taken, name) >= 0 ? $"'{name}' is a name of the silo's own"
        : null;

    public static string? FindExpiryProblem(DateTimeOffset? expires, DateTimeOffset now) => expires <= now ? "must be in the future" : null;
}
