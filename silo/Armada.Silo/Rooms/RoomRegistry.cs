using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Armada.Core.Engine;
using Armada.Core.Rooms;
using Armada.Grains.Robots;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Rooms;

internal readonly record struct Room(RoomName Name, RobotSnapshot Robot);

/// <summary>Maps rooms to robots.</summary>
internal sealed class RoomCatalog(IRobotEngine engine)
{
    public const string DefaultWorkspace = "default-workspace";
    private const int HashBytes = 8;

    public static string RobotIdOf(RoomName room)
    {
        // Ids have no control characters, so no two rooms give the same text.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{room.Workspace}\n{room.Id}"));
        return "room-" + Convert.ToHexStringLower(hash.AsSpan(0, HashBytes));
    }

    public async ValueTask<RobotSnapshot?> FindAsync(RoomName room, CancellationToken cancellation)
    {
        if (await engine.GetAsync(RobotIdOf(room), cancellation) is { } made && made.Document.Room == room)
            return made;
        return room.Workspace == DefaultWorkspace && await engine.GetAsync(room.Id, cancellation) is { Document.Room: null } robot ? robot : null;
    }

    public async Task<IReadOnlyList<Room>> ListAsync(CancellationToken cancellation) =>
    [
        .. (await engine.ListAsync(cancellation))
            .Select(robot => new Room(robot.Document.Room ?? new RoomName(DefaultWorkspace, robot.Document.Id), robot))
            .OrderBy(room => room.Robot.Document.Room is null)
            .DistinctBy(room => room.Name),
    ];

    public async Task<RobotReply> CreateAsync(RoomName room, CancellationToken cancellation)
    {
        if (await FindAsync(room, cancellation) is { } existing)
            return new RobotReply(null, existing);
        var reply = await engine.CreateAsync(RobotIdOf(room), RobotModels.So100, room, cancellation);
        return reply.Robot is { } robot && robot.Document.Room == room ? reply with { Refused = null }
            : reply.Refused is not null ? reply
            : new RobotReply(new Refusal(RefusalReason.RobotExists, $"robot {RobotIdOf(room)} exists and is not the room {room.Workspace}/{room.Id}; remove or rename that robot"), null);
    }
}

/// <summary>Removes a room with its robot, which disconnects every participant.</summary>
internal sealed class RoomRemoval(IRobotEngine engine, OpenRooms openRooms, IAuditTrail audit)
{
    public async Task<RobotReply> RemoveAsync(Room room, Caller caller, CancellationToken cancellation)
    {
        var robot = room.Robot.Document.Id;
        var reply = await engine.DeleteAsync(robot, cancellation);
        if (reply.Refused is not null)
            return reply;
        openRooms.Forget(robot);
        audit.Record(caller, "robot-removed", robot, $"room {room.Name.Workspace}/{room.Name.Id}");
        await audit.FlushAsync(cancellation);
        return reply;
    }
}

/// <summary>This silo's open rooms, by robot id.</summary>
internal sealed class OpenRooms
{
    private readonly ConcurrentDictionary<string, OpenRoom> rooms = new(StringComparer.Ordinal);
    private readonly SiloClock clock;
    private readonly DateTimeOffset began;
    private long ignored;

    public OpenRooms(SiloClock clock, SiloTelemetry telemetry)
    {
        this.clock = clock;
        began = Now;
        telemetry.Observe("armada.silo.rooms.participants", "{participant}", "Participants connected to rooms", () => Connections);
        telemetry.Observe("armada.silo.rooms.ignored", "{message}", "Messages of participants that were invalid or too frequent", () => Ignored);
    }

    public TimeProvider Time => clock.Time;
    public DateTimeOffset Now => clock.Time.GetUtcNow();
    public int Connections => rooms.Sum(room => room.Value.Sessions.Count);
    public long Ignored => Interlocked.Read(ref ignored);

    public OpenRoom Get(string robot) => rooms.GetOrAdd(robot, _ => new OpenRoom(began));

    public void Add(string robot)
    {
        var made = new OpenRoom(Now);
        rooms.AddOrUpdate(robot, made, (_, before) => before.Sessions.Count > 0 ? before : made);
    }

    public void Forget(string robot) => rooms.TryRemove(robot, out _);

    public void CountIgnored() => Interlocked.Increment(ref ignored);
}

/// <summary>Why a room was stopped, for participants that join later.</summary>
internal sealed record StopReason(string Reason, string Source);

/// <summary>This silo's state of a room beside its robot: who is connected, and when it was last used.</summary>
internal sealed class OpenRoom
{
    private readonly Lock sync = new();
    private volatile RoomSession[] sessions = [];
    private volatile StopReason? stopped;
    private long lastUsed; // UTC ticks.
    private int stopping;
    private uint commanded;

    public OpenRoom(DateTimeOffset since)
    {
        Since = since;
        MarkUsed(since);
    }

    public DateTimeOffset Since { get; }
    public DateTimeOffset LastUsed => new(Volatile.Read(ref lastUsed), TimeSpan.Zero);
    public IReadOnlyList<RoomSession> Sessions => sessions;
    public uint CommandedJoints => Volatile.Read(ref commanded);
    public bool IsStopping => Volatile.Read(ref stopping) > 0;
    public StopReason? Stopped => stopped;

    /// <summary>False if the room is full of consumers.</summary>
    public bool TryAdd(RoomSession session, int maxConsumers, DateTimeOffset now)
    {
        lock (sync)
        {
            if (session.Role == RoomRole.Consumer && sessions.Count(other => other.Role == RoomRole.Consumer) >= maxConsumers)
                return false;
            sessions = [.. sessions, session];
        }

        MarkUsed(now);
        return true;
    }

    public void Remove(RoomSession session, DateTimeOffset now)
    {
        lock (sync)
            sessions = [.. sessions.Where(other => other != session)];
        MarkUsed(now);
    }

    public void MarkUsed(DateTimeOffset now) => Volatile.Write(ref lastUsed, now.UtcTicks);

    public void UpdateCommandedJoints(RobotSnapshot robot)
    {
        uint bits = 0;
        for (var joint = 0; joint < robot.Joints.Length; joint++)
            bits |= RoomJoints.IsCommanded(robot.Joints[joint]) ? 1u << joint : 0;
        if (Interlocked.Exchange(ref commanded, bits) == bits)
            return;
        foreach (var session in Sessions)
            session.SendNewest();
    }

    public void BeginStop(StopReason reason)
    {
        Interlocked.Increment(ref stopping);
        stopped = reason;
    }

    public void EndStop() => Interlocked.Decrement(ref stopping);

    public void Release() => stopped = null;
}
