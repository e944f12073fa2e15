using System.Net.WebSockets;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Mqtt;
using Armada.Silo.Options;
using Armada.Silo.Sockets;

namespace Armada.Silo.Remotes;

/// <summary>The link to one bound remote slave: dials the other service, for ever, and is the slave as long as it is connected.</summary>
internal sealed partial class RemoteSlave : IRobotSession, IAsyncDisposable
{
    private readonly string robot;
    private readonly RemoteEndpoint door;
    private readonly RemoteParts parts;
    private readonly CancellationTokenSource ending = new();
    private readonly BackOff backOff;
    private readonly Task running;
    private RemoteConversation? current;
    private string? lastTrouble;
    private bool isInside;

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
    public void OnNote(Effect.Note note)
    {
        if (note.Event == RobotEvent.Configured)
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
                var trouble = await EnterAsync() ?? await ConnectAsync();
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
            await parts.Engine().LeaveAsync(robot, this, "the link has ended");
        }
    }

    // The name is free for sure only when an older link of the same binding, or a client that filled it, has left.
    private async ValueTask<string?> EnterAsync()
    {
        if (isInside)
            return null;
        var entered = await parts.Engine().EnterAsync(robot, this, ending.Token);
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
}
