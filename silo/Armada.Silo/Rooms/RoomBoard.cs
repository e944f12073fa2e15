using System.Collections.Concurrent;
using Armada.Silo.Engine;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Rooms;

/// <summary>The open rooms of this silo, by robot id.</summary>
internal sealed class RoomBoard
{
    private readonly ConcurrentDictionary<string, OpenRoom> rooms = new(StringComparer.Ordinal);
    private readonly SiloClock clock;
    private readonly DateTimeOffset began;
    private long ignored;

    /// <summary>A board without rooms; those that are there already count as made now.</summary>
    public RoomBoard(SiloClock clock, SiloTelemetry telemetry)
    {
        this.clock = clock;
        began = Now;
        telemetry.Observe("armada.silo.rooms.participants", "{participant}", "Participants connected to rooms", () => Connections);
        telemetry.Observe("armada.silo.rooms.ignored", "{message}", "Messages of participants that were not read", () => Ignored);
    }

    /// <summary>Where the time comes from.</summary>
    public TimeProvider Time => clock.Time;

    /// <summary>The time.</summary>
    public DateTimeOffset Now => clock.Time.GetUtcNow();

    /// <summary>Participants that have joined or are joining.</summary>
    public int Connections => rooms.Sum(room => room.Value.Sessions.Count);

    /// <summary>Messages of participants that were no message or came too fast.</summary>
    public long Ignored => Interlocked.Read(ref ignored);

    /// <summary>The room of a robot that is there.</summary>
    public OpenRoom Of(string robot) => rooms.GetOrAdd(robot, _ => new OpenRoom(began));

    /// <summary>The room of a robot that was made just now.</summary>
    public void Add(string robot)
    {
        var made = new OpenRoom(Now);
        rooms.AddOrUpdate(robot, made, (_, before) => before.Sessions.Count > 0 ? before : made);
    }

    /// <summary>The robot is gone.</summary>
    public void Forget(string robot) => rooms.TryRemove(robot, out _);

    /// <summary>Counts a message that was not read.</summary>
    public void CountIgnored() => Interlocked.Increment(ref ignored);
}
