namespace Armada.Silo.Access;

/// <summary>What a caller was let in with; a feature of every request that was let in.</summary>
/// <param name="Caller">Who it is.</param>
/// <param name="Expires">When it is no longer good, or null for never.</param>
/// <param name="Holds">Whether it is still good now; any thread.</param>
internal sealed record Credential(Caller Caller, DateTimeOffset? Expires, Func<bool> Holds);
