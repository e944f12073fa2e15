using System.Buffers;
using Armada.Core.Robots;
using Armada.Core.Rooms;
using Armada.Core.Routing;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>What the robot tells a participant: a consumer gets what changed since its last update, and what is newest, never a queue.</summary>
internal sealed partial class RoomSession
{
    private const string SourceOfOthers = "api";

    private readonly RoomWriter updates = new();
    private readonly Lock newest = new();
    private readonly List<RoomJoint> changed = [];
    private volatile RoomJoints? joints;
    private volatile string source = SourceOfOthers;
    private volatile bool configured;
    private double[] positions = [];
    private double[] sent = [];
    private bool released;
    private long sequence;

    /// <inheritdoc/>
    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        lock (newest)
        {
            if (this.positions.Length != positions.Length)
                this.positions = new double[positions.Length];
            positions.CopyTo(this.positions);
        }

        SendNewest();
    }

    /// <summary>Sends what is newest, if that is news to the participant.</summary>
    public void SendNewest()
    {
        lock (newest)
        {
            if (!released)
                return;
        }

        socket.SampleIsDue();
    }

    /// <inheritdoc/>
    public void OnNote(Effect.Note note)
    {
        switch (note.Event)
        {
            case RobotEvent.MasterLive:
                source = note.Subject;
                break;
            case RobotEvent.ManualBegan:
                source = SourceOfOthers;
                break;
            case RobotEvent.MasterReplaced or RobotEvent.MasterUnbound when IsMyLease(note):
                SayError("No longer the producer", note.By is null ? "detached" : "taken_over", $"{note.By ?? "an operator"} ended it");
                socket.Close(SocketClose.TakenOver, $"{note.By ?? "an operator"} took the producer's place");
                break;
            case RobotEvent.Stopped when open is { IsStopping: false } && IsJoined:
                SayStopped(new StopWords($"{note.Subject} was stopped", note.By ?? SourceOfOthers));
                break;
            case RobotEvent.Reset:
                open?.Release();
                break;
            case RobotEvent.Configured:
                configured = true;
                break;
        }
    }

    /// <inheritdoc/>
    public void OnGone(string reason)
    {
        SayError("The room is gone", "room_unknown", reason);
        socket.Close(SocketClose.RobotUnknown, reason);
    }

    /// <inheritdoc/>
    public bool TryWrite(IBufferWriter<byte> message)
    {
        changed.Clear();
        var commanded = open!.Commanded;
        lock (newest)
        {
            var known = joints!;
            for (var joint = 0; joint < Math.Min(positions.Length, sent.Length); joint++)
            {
                if (double.IsNaN(positions[joint]) || (commanded & (1u << joint)) == 0)
                    continue;
                var value = known.ToRoom(joint, positions[joint]);
                if (value.Equals(sent[joint]))
                    continue;
                sent[joint] = value;
                changed.Add(new RoomJoint(known.NameOf(joint), value));
            }
        }

        if (changed.Count == 0)
            return false;
        updates.JointUpdate(message, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(changed), source, ++sequence, parts.Board.Now);
        return true;
    }

    private bool IsMyLease(Effect.Note note) => IsJoined && Role == RoomRole.Producer && note.Subject == Name && note.By != Name;

    private void BeginUpdates(RobotSnapshot snapshot)
    {
        var known = joints!;
        var now = known.Positions(snapshot);
        lock (newest)
        {
            sent = [.. Enumerable.Repeat(double.NaN, known.Count)];
            foreach (var joint in now)
                sent[known.Find(joint.Name)] = joint.Value;
        }

        source = snapshot.Master is { State: MasterState.Live } master ? master.Name : SourceOfOthers;
        Say((writer, to, at) => writer.StateSync(to, now, at));
    }

    private void ReleaseUpdates()
    {
        lock (newest)
            released = Role == RoomRole.Consumer;
        SendNewest();
    }
}
