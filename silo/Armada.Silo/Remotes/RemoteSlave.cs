using System.Collections.Immutable;
using System.Net.WebSockets;
using Armada.Core.Arena;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Mqtt;
using Armada.Silo.Arena;
using Armada.Silo.Options;
using Armada.Silo.Sockets;

namespace Armada.Silo.Remotes;

/// <summary>The link to one bound remote slave: dials the other service, for ever, and is the slave as long as it is connected.</summary>
internal sealed partial class RemoteSlave : IRobotSession, IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly string robot;
    private readonly RemoteEndpoint door;
    private readonly RemoteParts parts;
    private readonly CancellationTokenSource ending = new();
    private readonly BackOff backOff;
    private readonly Task running;
    private RemoteConversation? current;
    private string? lastTrouble;
    private bool isInside;

    private string? trouble;

    private readonly ILogger<RemoteSlave> logger;

    /// <summary>Begins at once.</summary>
    public RemoteSlave(string robot, SlaveBinding binding, RemoteParts parts)
    {
        (this.robot, Binding, this.parts, logger) = (robot, binding, parts, parts.Logger);
        door = RemoteEndpoint.Of(binding.Url!);
        backOff = new BackOff(parts.Timing.BackOffFirst, parts.Timing.BackOffMost, Random.Shared.NextDouble);
        running = Task.Run(RunAsync);
    }

    /// <summary>What it is bound as.</summary>
    public SlaveBinding Binding { get; }

    /// <inheritdoc/>
    public string Name => Binding.Name;

    /// <inheritdoc/>
    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions) => Volatile.Read(ref current)?.Put(positions);

    /// <inheritdoc/>
    public void OnEvent(RobotEvent note)
    {
        if (note.Kind == RobotEventKind.Configured)
            Volatile.Read(ref current)?.Socket.Close(SocketClose.Normal, "the robot has other joints"); // The next connection knows them.
    }

    /// <inheritdoc/>
    public void OnGone(string reason)
    {
        // Whoever keeps the links ends this one: it is not among the robot's remote slaves any more.
    }

    /// <summary>Hangs up and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        Volatile.Read(ref current)?.Socket.Close(SocketClose.Normal, "the slave was unbound, or the silo stops");
        await ending.CancelAsync();
        await running;
        ending.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (!ending.IsCancellationRequested)
            {
                var trouble = await ConnectToRobotAsync() ?? await ConnectAsync();
                await ReportAsync(trouble);
                await Task.Delay(backOff.Next(), parts.Clock.Time, ending.Token);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Unbound, or the silo stops.
        }
        catch (Exception fault)
        {
            LogFault(fault, robot, Name);
        }
        finally
        {
            await parts.Engine().DisconnectAsync(robot, this, "the link has ended");
        }
    }

    // The name is free for sure only when an older link of the same binding, or a client that filled it, has left.
    private async ValueTask<string?> ConnectToRobotAsync()
    {
        if (isInside)
            return null;
        var entered = await parts.Engine().ConnectAsync(robot, this, ending.Token);
        isInside = entered.Refused is null;
        return entered.Refused?.Text;
    }

    private async Task<string> ConnectAsync()
    {
        using var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = parts.Limits.PingEvery;
        socket.Options.KeepAliveTimeout = parts.Limits.PongWithin;
        if (parts.Keys.Of(door.Address) is { } key)
        {
            if (door.Address.Scheme != Uri.UriSchemeWss && !HttpOptions.IsLoopbackUrl(door.Address))
                return $"the key for {RemoteKeys.Place(door.Address)} is not sent over ws; bind the slave with wss";
            socket.Options.SetRequestHeader("Authorization", $"Bearer {key}");
        }

        using var late = new CancellationTokenSource(parts.Timing.Connect, parts.Clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ending.Token);
        try
        {
            await socket.ConnectAsync(door.ForConnection(robot), either.Token);
        }
        catch (WebSocketException refused)
        {
            return refused.InnerException?.Message ?? refused.Message;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return $"no connection within {parts.Timing.Connect.TotalSeconds:0.#} s";
        }

        return await ServeAsync(socket);
    }

    private async ValueTask ReportAsync(string trouble)
    {
        if (ending.IsCancellationRequested)
            return;
        if (isInside) // Or it would be someone else who is in trouble: a client that came in first under this name.
            await parts.Engine().ApplyAsync(robot, new RobotRequest.LeaveSlave(Name, trouble), ending.Token);
        if (trouble == lastTrouble)
            return;
        lastTrouble = trouble;
        LogTrouble(robot, Name, door.Place, trouble);
    }

    private async Task<string> ServeAsync(ClientWebSocket socket)
    {
        var engine = parts.Engine();
        if (await engine.GetAsync(robot, ending.Token) is not { } snapshot)
            return "the robot is gone";
        using var conversation = new RemoteConversation(
            socket, door.Robot, WireNames.Of(snapshot.Document.Model, Binding.JointMappings), parts.Limits, parts.Timing, parts.Clock);
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

    [LoggerMessage(1320, LogLevel.Information, "{Robot}: remote slave {Slave} is connected at {Address}")]
    private partial void LogConnected(string robot, string slave, string address);

    [LoggerMessage(1321, LogLevel.Warning, "{Robot}: remote slave {Slave} at {Address}: {Trouble}; tried again for ever")]
    private partial void LogTrouble(string robot, string slave, string address, string trouble);

    [LoggerMessage(1322, LogLevel.Debug, "{Robot}: remote slave {Slave} sent what cannot be used: {Problem}")]
    private partial void LogBad(string robot, string slave, string problem);

    [LoggerMessage(1323, LogLevel.Debug, "{Robot}: remote slave {Slave} says: {Text}")]
    private partial void LogError(string robot, string slave, string text);

    [LoggerMessage(1324, LogLevel.Error, "{Robot}: the link to remote slave {Slave} failed and has ended")]
    private partial void LogFault(Exception fault, string robot, string slave);
}
