using System.Collections.Immutable;
using System.Net.WebSockets;
using Armada.Core.Arena;
using Armada.Core.Robots;
using Armada.Silo.Arena;
using Armada.Silo.Sockets;

namespace Armada.Silo.Remotes;

/// <summary>What is said while it is connected.</summary>
internal sealed partial class RemoteSlave
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private string? trouble;

    private async Task<string> ServeAsync(ClientWebSocket socket)
    {
        var engine = parts.Engine();
        if (await engine.GetAsync(robot, ending.Token) is not { } snapshot)
            return "the robot is gone";
        using var conversation = new RemoteConversation(
            socket, door.Robot, WireNames.Of(snapshot.Document.Model, Binding.Tunes), parts.Limits, parts.Timing, parts.Clock);
        Volatile.Write(ref current, conversation);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        try
        {
            trouble = null;
            var joined = await engine.ApplyAsync(robot, new RobotRequest.JoinSlave(Name), ending.Token);
            if (joined.Refused is { } refused)
                return refused.Text;
            LogConnected(robot, Name, door.Place);
            lastTrouble = null;
            var pacing = conversation.Socket.GuardAsync(PaceAsync(conversation, over.Token));
            try
            {
                await conversation.Socket.RunAsync(utf8 => TakeAsync(conversation, utf8), ending.Token);
            }
            finally
            {
                await over.CancelAsync();
                await pacing;
            }

            trouble ??= conversation.Socket.Closing is { Reason.Length: > 0 } closing ? closing.Reason
                : socket.CloseStatusDescription is { Length: > 0 } said ? said
                : "the connection was lost";
            return trouble;
        }
        finally
        {
            Volatile.Write(ref current, null);
            if (conversation.WasAccepted)
                backOff.Reset();
        }
    }

    private async ValueTask TakeAsync(RemoteConversation conversation, ReadOnlyMemory<byte> utf8)
    {
        if (!ArenaReader.TryRead(utf8.Span, out var message, out var problem))
        {
            LogBad(robot, Name, problem);
            return;
        }

        switch (message)
        {
            case ArenaMessage.CommandAck ack when conversation.Take(ack) is { } refused:
                trouble = refused;
                conversation.Socket.Close(SocketClose.Normal, "a command was refused");
                break;
            case ArenaMessage.JointStates states:
                conversation.Answered();
                await ReportAsync(states.Joints);
                break;
            case ArenaMessage.Error error:
                LogError(robot, Name, error.Message);
                break;
        }
    }

    private async ValueTask ReportAsync(ImmutableArray<ArenaReading> joints)
    {
        ImmutableArray<JointReading> real =
            [.. joints.Where(joint => joint.Real is not null).Select(joint => new JointReading(joint.Name, joint.Real!.Value))];
        if (real.IsEmpty)
            return;
        var reply = await parts.Engine().ApplyAsync(robot, new RobotRequest.SlaveReport(Name, real), ending.Token);
        if (reply.Refused is { } refused)
            LogBad(robot, Name, refused.Text);
    }

    private async Task PaceAsync(RemoteConversation conversation, CancellationToken over)
    {
        var lagged = false;
        using var timer = new PeriodicTimer(Step, parts.Clock.Time);
        do
        {
            var now = parts.Clock.Now();
            conversation.Tick(now);
            if (conversation.IsLagging(now) is var lags && lags != lagged)
            {
                lagged = lags;
                await parts.Engine().ApplyAsync(robot, new RobotRequest.SlavePace(Name, lags), over);
            }
        }
        while (await timer.WaitForNextTickAsync(over));
    }
}
