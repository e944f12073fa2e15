using System.Collections.Concurrent;
using Armada.Silo.Access;

namespace Armada.Silo.Api;

/// <summary>Which caller attached which program over HTTP. Its lease is that caller's alone, for a program's name and epoch are no secret.</summary>
internal sealed class RemoteLeases
{
    private readonly ConcurrentDictionary<string, Lease> leases = new(StringComparer.Ordinal);

    /// <summary>Notes that a caller attached a program; of two that were attached at once the later epoch stands.</summary>
    public void Add(string robot, string name, uint epoch, Caller caller) => leases.AddOrUpdate(
        robot,
        _ => new Lease(name, epoch, caller.Name),
        (_, held) => held.Epoch > epoch ? held : new Lease(name, epoch, caller.Name));

    /// <summary>Whether a caller attached this program.</summary>
    public bool IsOf(string robot, string name, uint epoch, Caller caller) =>
        leases.TryGetValue(robot, out var held) && held == new Lease(name, epoch, caller.Name);

    /// <summary>Forgets a robot that is gone.</summary>
    public void Forget(string robot) => leases.TryRemove(robot, out _);

    private sealed record Lease(string Name, uint Epoch, string Caller);
}
