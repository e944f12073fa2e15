using System.Security.Cryptography;
using System.Text;
using Armada.Core.Robots;
using Armada.Core.Rooms;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>How a participant comes and goes.</summary>
internal sealed partial class RoomSession
{
    private bool entered;

    private async ValueTask JoinAsync(ReadOnlyMemory<byte> frame)
    {
        join = RoomReader.ReadJoin(frame, out var error);
        Name = join is null ? "" : PartyName(join.ParticipantId);
        if (join is null)
            Refuse("invalid", $"the first frame: {error}");
        else if (await parts.Catalog.FindAsync(room, CancellationToken.None) is not { } found)
            Refuse("room_unknown", $"there is no room {room.Id} in workspace {room.Workspace}");
        else
            await JoinAsync(found.Document);
    }

    private async ValueTask JoinAsync(RobotDocument document)
    {
        var id = robot = document.Id;
        open = parts.Board.Of(id);
        var most = Math.Clamp(document.Room?.MaxConsumers ?? RoomBodies.UsualConsumers, 1, RoomBodies.MostConsumers);
        if (!open.TryAdmit(this, most, parts.Board.Now))
        {
            Refuse("room_full", $"the room has {most} consumers, as many as it may");
            return;
        }

        var reply = await parts.Engine.EnterAsync(id, this, CancellationToken.None);
        entered = reply.Refused is null;
        if (entered)
            reply = await ApplyAsync(Role == RoomRole.Producer ? new RobotRequest.AttachRemote(Name, join!.Takeover) : new RobotRequest.JoinSlave(Name));
        if (reply.Refused is { } refused)
            Refuse(CodeOf(refused.Reason), refused.Text);
        else
            Greet(reply.Robot!);
    }

    private void Greet(RobotSnapshot snapshot)
    {
        epoch = snapshot.Document.Epoch;
        joints = new RoomJoints(snapshot.Document.Model, parts.Options.RoomUnits);
        open!.Learn(snapshot);
        if (Role == RoomRole.Consumer)
            BeginUpdates(snapshot);
        Say((writer, to, now) => writer.Joined(to, room.Workspace, room.Id, Role, now));
        Volatile.Write(ref stage, (int)Stage.Joined);
        if (snapshot.Stopped)
            SayStopped(open.Stopped ?? new StopWords($"robot {robot} is stopped", SourceOfOthers));
        ReleaseUpdates();
        TellOthers(here: true);
        if (Role == RoomRole.Producer)
            RecordBound(join!.Takeover);
        LogJoined(Name, Role, room.Workspace, room.Id);
        beats = BeatAsync();
    }

    // That it came to command, was lost or replaced the robot records itself.
    private void RecordBound(bool takeover) => parts.Audit.Record(
        caller, "master-bound", robot, $"{Name} (remote), producer of room {room.Workspace}/{room.Id}{(takeover ? ", takeover" : "")}");

    private async Task LeaveAsync()
    {
        if (entered)
            await parts.Engine.LeaveAsync(robot, this, "left the room");
        open?.Dismiss(this, parts.Board.Now);
        if (!IsJoined)
            return;
        TellOthers(here: false);
        LogLeft(Name, Role, room.Workspace, room.Id);
    }

    private void TellOthers(bool here)
    {
        foreach (var other in open!.Sessions)
        {
            if (other != this && other is { IsJoined: true, join.Presence: true })
                other.Say((writer, to, now) => writer.Presence(to, here, room.Id, Name, Role, now));
        }
    }

    private void RefuseLate()
    {
        if (Interlocked.CompareExchange(ref stage, (int)Stage.Refused, (int)Stage.Waiting) == (int)Stage.Waiting)
            Refuse("too_late", $"the first frame did not come within {JoinWithin.TotalSeconds:0} s");
    }

    private void Refuse(string code, string reason)
    {
        Volatile.Write(ref stage, (int)Stage.Refused);
        SayError("Cannot join room", code, reason);
        socket.Close(SocketClose.Normal, "cannot join room");
        LogRefused(room.Workspace, room.Id, reason);
    }

    /// <summary>A participant's name at the robot: its id, shortened where a robot takes no name of its length.</summary>
    private static string PartyName(string id) => SlaveRules.FindProblem(id) is null
        ? id
        : $"{id[..Math.Min(id.Length, SlaveRules.LongestName / 2)].Trim()}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 8))}";

    private static string CodeOf(RefusalReason reason) =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());
}
