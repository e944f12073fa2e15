namespace Armada.Core.Arena;

/// <summary>How a robot stands, as a client is told.</summary>
/// <param name="MasterConnected">Whether a master's lease lives.</param>
/// <param name="Master">The master's name, or null.</param>
/// <param name="IsMaster">Whether it is the client itself.</param>
/// <param name="Stopped">Whether any stop is latched.</param>
/// <param name="Slaves">Number of its slaves, connected ones and bound ones.</param>
public readonly record struct ArenaStatus(bool MasterConnected, string? Master, bool IsMaster, bool Stopped, int Slaves);
