using System.Net.WebSockets;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Silo.Access;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

/// <summary>
/// One client at the master or the slave door of one robot. It executes the robot's commands until it sends one itself; then it asks
/// for the lease and commands, as long as it lives and nobody takes its place.
/// </summary>
internal sealed partial class ArenaSession : IRobotSession, IDisposable
{
    private readonly ArenaParts parts;
    private readonly string robot;
    private readonly ArenaQuery query;
    private readonly Caller caller;
    private readonly bool isMasterDoor;
    private readonly ArenaOutbox outbox;
    private readonly JsonSocket socket;
    private readonly ArenaNotifier voice;
    private readonly MessageRate rate;

    /// <summary>A client that has connected.</summary>
    /// <param name="raw">Its socket; disposed by whoever made it.</param>
    /// <param name="robot">The robot it asks for; there may be none.</param>
    /// <param name="query">What it said when it connected.</param>
    /// <param name="isMasterDoor">At which door it came in.</param>
    /// <param name="caller">Who it is.</param>
    /// <param name="parts">What all sessions share.</param>
    public ArenaSession(WebSocket raw, string robot, ArenaQuery query, bool isMasterDoor, Caller caller, ArenaParts parts)
    {
        (this.robot, this.query, this.isMasterDoor, this.caller, this.parts) = (robot, query, isMasterDoor, caller, parts);
        logger = parts.Logger;
        outbox = new ArenaOutbox(robot, parts.Clock);
        socket = new JsonSocket(raw, outbox, parts.Limits, parts.Clock);
        outbox.Ring = () => socket.SampleIsDue();
        voice = new ArenaNotifier(robot, socket, parts.Clock);
        rate = new MessageRate(parts.Limits.MessagesPerSecond, parts.Limits.Burst);
    }

    /// <inheritdoc/>
    public string Name => query.Name;

    /// <summary>Closes the client's socket; returns at once.</summary>
    public void Close(int code, string reason) => socket.Close(code, reason);

    /// <summary>Serves the client until it goes, or is sent away.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var entered = await parts.Engine.EnterAsync(robot, this, stopping);
        if (entered.Refused is { } refused)
        {
            Dismiss(refused);
            await socket.RunAsync(_ => ValueTask.CompletedTask, stopping);
            return;
        }

        LogEntered(robot, Name, caller.Name);
        try
        {
            await ServeAsync(stopping);
        }
        finally
        {
            var why = socket.Closing is { Reason.Length: > 0 } closing ? closing.Reason : "it disconnected";
            if (Held is not null)
                parts.Audit.Record(caller, "master-unbound", robot, $"remote {Name}: {why}");
            await parts.Engine.LeaveAsync(robot, this, why);
            LogLeft(robot, Name, why);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        outbox.Dispose();
        voice.Dispose();
    }

    private async Task ServeAsync(CancellationToken stopping)
    {
        var joined = await parts.Engine.ApplyAsync(robot, new RobotRequest.JoinSlave(Name), stopping);
        if (joined.Refused is { } refused)
            Dismiss(refused);
        if (joined.Robot is { } snapshot)
        {
            Face(snapshot);
            voice.JointStates(snapshot);
        }

        if (isMasterDoor)
            parts.Relay.Add(robot, this);
        using var ending = new CancellationTokenSource();
        var pacing = socket.GuardAsync(PaceAsync(ending.Token));
        var watching = socket.GuardAsync(WatchAsync(ending.Token));
        try
        {
            await socket.RunAsync(ReceiveAsync, stopping);
        }
        finally
        {
            parts.Relay.Remove(robot, this);
            await ending.CancelAsync();
            await Task.WhenAll(pacing, watching);
        }
    }

    private void Dismiss(Refusal refused)
    {
        voice.Refuse(refused);
        socket.Close(refused.Reason == RefusalReason.UnknownRobot ? SocketClose.RobotUnknown : SocketClose.Refused, refused.Text);
    }
}
