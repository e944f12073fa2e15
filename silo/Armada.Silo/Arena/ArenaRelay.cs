using System.Collections.Concurrent;
using System.Collections.Immutable;
using Armada.Core.Arena;

namespace Armada.Silo.Arena;

/// <summary>Forwards the joint states and errors of a robot's clients to the others that are connected to its master endpoint.</summary>
internal sealed class ArenaRelay
{
    private readonly ConcurrentDictionary<string, ImmutableArray<ArenaSession>> listeners = new(StringComparer.Ordinal);

    public void Add(string robot, ArenaSession session) =>
        listeners.AddOrUpdate(robot, [session], (_, others) => others.Add(session));

    public void Remove(string robot, ArenaSession session)
    {
        listeners.AddOrUpdate(robot, [], (_, all) => all.Remove(session));
        listeners.TryRemove(KeyValuePair.Create(robot, ImmutableArray<ArenaSession>.Empty));
    }

    public void Forward(string robot, ArenaSession from, ArenaReading[] readings)
    {
        foreach (var session in OthersThan(from, robot))
            session.OnSlaveStatus(from.Name, readings);
    }

    public void Forward(string robot, ArenaSession from, ArenaMessage.Error error)
    {
        foreach (var session in OthersThan(from, robot))
            session.OnSlaveError(from.Name, error);
    }

    private IEnumerable<ArenaSession> OthersThan(ArenaSession from, string robot) =>
        listeners.TryGetValue(robot, out var all) ? all.Where(session => session != from) : [];
}
