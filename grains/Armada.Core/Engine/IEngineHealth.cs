namespace Armada.Core.Engine;

/// <summary>Whether an engine can do its work.</summary>
public interface IEngineHealth
{
    /// <summary>How it is now; returns at once.</summary>
    EngineHealth Now { get; }
}

/// <summary>An engine's health.</summary>
/// <param name="Loaded">Whether it knows its robots.</param>
/// <param name="Silos">Of a cluster, how many silos are active as this one sees it; null where there is no cluster.</param>
public sealed record EngineHealth(bool Loaded, int? Silos = null);
