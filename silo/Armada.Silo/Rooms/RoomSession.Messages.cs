using Armada.Core.Robots;
using Armada.Core.Rooms;
using Armada.Mqtt;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>What a participant says once it is in the room.</summary>
internal sealed partial class RoomSession
{
    private const int NamesTold = 5;

    private readonly MessageRate rate;
    private readonly OncePerSecond errors;
    private volatile uint epoch;

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> bytes)
    {
        var message = RoomReader.ReadMessage(bytes, out _);
        open!.Touch(parts.Board.Now);
        if (message is RoomMessage.EmergencyStop stop)
        {
            await StopAsync(stop.Reason ?? $"Emergency stop from {Name}");
        }
        else if (!rate.TryPass(parts.Clock.Now()))
        {
            parts.Board.CountIgnored();
            Complain("Too many messages", "too_fast", $"{parts.Sockets.MessagesPerSecond} a second are read");
        }
        else
        {
            await TakeAsync(message);
        }
    }

    private async ValueTask TakeAsync(RoomMessage? message)
    {
        switch (message)
        {
            case RoomMessage.JointUpdate update when Role == RoomRole.Producer:
                await MoveAsync(update);
                break;
            case RoomMessage.JointUpdate:
                Complain("Only the producer sends joint updates", "not_producer", null);
                break;
            case RoomMessage.Heartbeat:
                Say((writer, to, now) => writer.HeartbeatAck(to, now));
                break;
            case RoomMessage.Unknown unknown:
                Complain($"Unknown message type: {unknown.Type}", "unknown_type", null);
                break;
            case null:
                parts.Board.CountIgnored();
                break;
        }
    }

    private async ValueTask MoveAsync(RoomMessage.JointUpdate update)
    {
        var known = joints!;
        var goals = new SortedDictionary<int, JointGoal>();
        var unknown = new List<string>();
        foreach (var joint in update.Joints)
        {
            if (known.Find(joint.Name) is var index and >= 0)
                goals[index] = known.Goal(index, joint);
            else
                unknown.Add(joint.Name);
        }

        if (unknown.Count > 0)
            Complain("Failed to process joint update", "joint_unknown", $"the robot has no {Some(unknown)}");
        else if (update.Problem is { } problem)
            Complain("Failed to process joint update", "invalid", problem);
        if (goals.Count > 0)
            await CommandAsync(new JointCommand([.. goals.Values]));
    }

    private async ValueTask CommandAsync(JointCommand command)
    {
        var reply = await ApplyAsync(new RobotRequest.RemoteCommand(Name, epoch, command));
        if (reply.Refused?.Reason == RefusalReason.NotMaster && await RegainAsync())
            reply = await ApplyAsync(new RobotRequest.RemoteCommand(Name, epoch, command));
        if (reply.Refused is { } refused)
            Complain("Failed to process joint update", CodeOf(refused.Reason), refused.Text);
        else
            open!.Learn(reply.Robot!);
    }

    private async ValueTask StopAsync(string reason)
    {
        var words = new StopWords(reason, Name);
        open!.BeginStop(words);
        try
        {
            var reply = await ApplyAsync(new RobotRequest.Stop());
            if (reply.Refused is { } refused)
                SayError("The stop could not be stored", CodeOf(refused.Reason), refused.Text);
        }
        finally
        {
            open.EndStop();
        }

        parts.Audit.Record(caller, "stop", robot, $"{Name}: {reason}");
        foreach (var session in open.Sessions.Where(session => session.IsJoined))
            session.SayStopped(words);
    }

    private void SayStopped(StopWords stopped) =>
        Say((writer, to, now) => writer.EmergencyStop(to, stopped.Reason, stopped.Source, now));

    private static string Some(List<string> names) =>
        string.Join(", ", names.Take(NamesTold)) + (names.Count > NamesTold ? $" and {names.Count - NamesTold} more" : "");
}
