using Armada.Core.Robots;
using Armada.Core.Rooms;

namespace Armada.Silo.Rooms;

/// <summary>Why a room was stopped, for those who join later.</summary>
internal sealed record StopWords(string Reason, string Source);

/// <summary>What this silo knows of a room beside its robot: who is connected, and when it was used.</summary>
internal sealed class OpenRoom
{
    private readonly Lock sync = new();
    private readonly List<RoomSession> sessions = [];
    private DateTimeOffset used;
    private StopWords? stopped;
    private int stopping;
    private uint commanded;

    /// <summary>A room that nobody is connected to.</summary>
    public OpenRoom(DateTimeOffset since) => (Since, used) = (since, since);

    /// <summary>When it was made, or when the silo started and found it.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>When somebody last joined, left, said something or moved a joint.</summary>
    public DateTimeOffset Used
    {
        get
        {
            lock (sync)
                return used;
        }
    }

    /// <summary>Everybody who has joined or is joining.</summary>
    public IReadOnlyList<RoomSession> Sessions
    {
        get
        {
            lock (sync)
                return [.. sessions];
        }
    }

    /// <summary>Which joints were ever commanded, a bit each: rooms tell of no others, as nobody has said where they are to be.</summary>
    public uint Commanded => Volatile.Read(ref commanded);

    /// <summary>Whether a participant is stopping the robot just now; it tells the others itself.</summary>
    public bool IsStopping => Volatile.Read(ref stopping) > 0;

    /// <summary>Words of the last stop that a participant asked for and that was not released since.</summary>
    public StopWords? Stopped
    {
        get
        {
            lock (sync)
                return stopped;
        }
    }

    /// <summary>Lets somebody in who is going to join; false where the room has as many consumers as it may.</summary>
    public bool TryAdmit(RoomSession session, int mostConsumers, DateTimeOffset now)
    {
        lock (sync)
        {
            if (session.Role == RoomRole.Consumer && sessions.Count(other => other.Role == RoomRole.Consumer) >= mostConsumers)
                return false;
            sessions.Add(session);
            used = now;
            return true;
        }
    }

    /// <summary>Somebody is gone.</summary>
    public void Dismiss(RoomSession session, DateTimeOffset now)
    {
        lock (sync)
        {
            sessions.Remove(session);
            used = now;
        }
    }

    /// <summary>Somebody used it.</summary>
    public void Touch(DateTimeOffset now)
    {
        lock (sync)
            used = now;
    }

    /// <summary>Learns from the robot which joints were commanded.</summary>
    public void Learn(RobotSnapshot robot)
    {
        uint bits = 0;
        for (var joint = 0; joint < robot.Joints.Length; joint++)
            bits |= RoomJoints.IsKnown(robot.Joints[joint]) ? 1u << joint : 0;
        if (Interlocked.Exchange(ref commanded, bits) == bits)
            return;
        foreach (var session in Sessions)
            session.SendNewest();
    }

    /// <summary>A participant begins to stop the robot.</summary>
    public void BeginStop(StopWords words)
    {
        Interlocked.Increment(ref stopping);
        lock (sync)
            stopped = words;
    }

    /// <summary>It has stopped it.</summary>
    public void EndStop() => Interlocked.Decrement(ref stopping);

    /// <summary>The stop was released.</summary>
    public void Release()
    {
        lock (sync)
            stopped = null;
    }
}
