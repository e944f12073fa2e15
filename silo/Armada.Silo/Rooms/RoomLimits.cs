using System.Collections.Concurrent;

namespace Armada.Silo.Rooms;

/// <summary>How many consumers each room may have, by robot id.</summary>
internal sealed class RoomLimits
{
    private readonly ConcurrentDictionary<string, int> limits = new(StringComparer.Ordinal);

    /// <summary>Most consumers of a room.</summary>
    public int MostConsumers(string robot) => limits.GetValueOrDefault(robot, RoomBodies.UsualConsumers);

    /// <summary>Sets it for a room that was made just now.</summary>
    public void Set(string robot, int consumers) => limits[robot] = consumers;

    /// <summary>The room is gone.</summary>
    public void Forget(string robot) => limits.TryRemove(robot, out _);
}
