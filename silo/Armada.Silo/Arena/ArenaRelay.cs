using Armada.Core.Arena;

namespace Armada.Silo.Arena;

/// <summary>Forwards the joint states and errors of a robot's clients to the others that are connected to its master endpoint.</summary>
internal sealed class ArenaRelay
{
    private readonly Lock sync = new();
    private readonly Dictionary<string, ArenaSession[]> listeners = new(StringComparer.Ordinal);

    public void Add(string robot, ArenaSession session)
    {
        lock (sync)
            listeners[robot] = [.. Of(robot), session];
    }

    public void Remove(string robot, ArenaSession session)
    {
        lock (sync)
        {
            ArenaSession[] left = [.. Of(robot).Where(other => other != session)];
            if (left.Length > 0)
                listeners[robot] = left;
            else
                listeners.Remove(robot);
        }
    }

    public void Forward(string robot, ArenaSession from, ArenaReading[] readings)
    {
        foreach (var session in Snapshot(robot))
        {
            if (session != from)
                session.OnSlaveStatus(from.Name, readings);
        }
    }

    public void Forward(string robot, ArenaSession from, ArenaMessage.Error error)
    {
        foreach (var session in Snapshot(robot))
        {
            if (session != from)
                session.OnSlaveError(from.Name, error);
        }
    }

    private ArenaSession[] Snapshot(string robot)
    {
        lock (sync)
            return Of(robot);
    }

    private ArenaSession[] Of(string robot) => listeners.GetValueOrDefault(robot) ?? [];
}
