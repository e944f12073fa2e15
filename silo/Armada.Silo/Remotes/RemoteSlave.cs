using System.Collections.Immutable;
using System.Net.WebSockets;
using Armada.Core.Arena;
using Armada.Core.Engine;
using Armada.Core.Routing;
using Armada.Mqtt;
using Armada.Silo.Arena;
using Armada.Silo.Options;
using Armada.Silo.Sockets;

namespace Armada.Silo.Remotes;

/// <summary>
/// The connection to one bound remote slave: it dials the other service until the slave is unbound, whatever fails, and is the slave while
/// it is connected.
/// </summary>
internal sealed partial class RemoteSlave : IRobotSession, IAsyncDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(50);

    private readonly string robot;
    private readonly RemoteServices services;
    private readonly CancellationTokenSource ending = new();
    private readonly BackOff backOff;
    private readonly ILogger<RemoteSlave> logger;
    private readonly Task running;
    private RemoteConnection? current;
    private bool isSessionConnected;
    private string? failure;
    private string? lastProblem;

    public RemoteSlave(string robot, SlaveBinding binding, RemoteServices services)
    {
        (this.robot, Binding, this.services, logger) = (robot, binding, services, services.Logger);
        backOff = new BackOff(services.Timing.MinBackOff, services.Timing.MaxBackOff, Random.Shared.NextDouble);
        running = Task.Run(RunAsync);
    }

    public SlaveBinding Binding { get; }
    public string Name => Binding.Name;

    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions) => Volatile.Read(ref current)?.SetCommand(positions);

    public void OnEvent(RobotEvent robotEvent)
    {
        if (robotEvent.Kind == RobotEventKind.Configured)
            Volatile.Read(ref current)?.Socket.Close(SocketClose.Normal, "the robot has other joints"); // The next connection knows them.
    }

    public void OnGone(string reason)
    {
        // RemoteSlaves ends this connection: the slave is no longer bound.
    }

    public async ValueTask DisposeAsync()
    {
        Volatile.Read(ref current)?.Socket.Close(SocketClose.Normal, "the slave was unbound, or the silo stops");
        await ending.CancelAsync();
        await running;
        ending.Dispose();
    }

    private async Task RunAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                var endpoint = RemoteEndpoint.Of(Binding.Url!);
                await ReportProblemAsync(endpoint, await ConnectSessionAsync() ?? await ConnectAsync(endpoint));
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault)
            {
                LogFault(fault, robot, Name);
                await DisconnectSessionAsync("the connection failed");
            }

            await Task.Delay(backOff.Next(), services.Clock.Time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await DisconnectSessionAsync("the slave was unbound, or the silo stops");
    }

    // Refused while an older connection of the same binding, or a client under this name, has not left yet.
    private async ValueTask<string?> ConnectSessionAsync()
    {
        if (isSessionConnected)
            return null;
        var reply = await services.Engine().ConnectAsync(robot, this, ending.Token);
        isSessionConnected = reply.Refused is null;
        return reply.Refused?.Text;
    }

    private async Task DisconnectSessionAsync(string reason)
    {
        try
        {
            isSessionConnected = false;
            await services.Engine().DisconnectAsync(robot, this, reason);
        }
        catch (Exception fault)
        {
            LogFault(fault, robot, Name);
        }
    }

    private async Task<string> ConnectAsync(RemoteEndpoint endpoint)
    {
        using var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = services.Limits.PingInterval;
        socket.Options.KeepAliveTimeout = services.Limits.PongTimeout;
        if (services.Keys.Find(endpoint.Address) is { } key)
        {
            if (endpoint.Address.Scheme != Uri.UriSchemeWss && !HttpOptions.IsLoopbackUrl(endpoint.Address))
                return $"the key for {RemoteKeys.HostAndPort(endpoint.Address)} is not sent over ws; bind the slave with wss";
            socket.Options.SetRequestHeader("Authorization", $"Bearer {key}");
        }

        using var late = new CancellationTokenSource(services.Timing.ConnectTimeout, services.Clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ending.Token);
        try
        {
            await socket.ConnectAsync(endpoint.WithClientName(robot), either.Token);
        }
        catch (WebSocketException refused)
        {
            return refused.InnerException?.Message ?? refused.Message;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return $"no connection within {services.Timing.ConnectTimeout.TotalSeconds:0.#} s";
        }

        return await ServeAsync(socket, endpoint);
    }

    private async ValueTask ReportProblemAsync(RemoteEndpoint endpoint, string failure)
    {
        if (ending.IsCancellationRequested)
            return;
        if (isSessionConnected) // Otherwise the slave of this name is another client's.
            await services.Engine().ApplyAsync(robot, new RobotRequest.LeaveSlave(Name, failure), ending.Token);
        if (failure == lastProblem)
            return;
        lastProblem = failure;
        LogDisconnected(robot, Name, endpoint.DisplayUrl, failure);
    }

    private async Task<string> ServeAsync(ClientWebSocket socket, RemoteEndpoint endpoint)
    {
        var engine = services.Engine();
        if (await engine.GetAsync(robot, ending.Token) is not { } snapshot)
            return "the robot is gone";
        using var connection = new RemoteConnection(
            socket, endpoint.Robot, JointWireNames.Of(snapshot.Document.Model, Binding.JointMappings), services.Limits, services.Timing, services.Clock);
        Volatile.Write(ref current, connection);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        try
        {
            failure = null;
            var joined = await engine.ApplyAsync(robot, new RobotRequest.JoinSlave(Name), ending.Token);
            if (joined.Refused is { } refused)
                return refused.Text;
            LogConnected(robot, Name, endpoint.DisplayUrl);
            lastProblem = null;
            var monitoring = connection.Socket.GuardAsync(MonitorAsync(connection, over.Token));
            try
            {
                await connection.Socket.RunAsync(utf8 => HandleAsync(connection, utf8), ending.Token);
            }
            finally
            {
                await over.CancelAsync();
                await monitoring;
            }

            failure ??= connection.Socket.Closing is { Reason.Length: > 0 } closing ? closing.Reason
                : socket.CloseStatusDescription is { Length: > 0 } said ? said
                : "the connection was lost";
            return failure;
        }
        finally
        {
            Volatile.Write(ref current, null);
            if (connection.WasAccepted)
                backOff.Reset();
        }
    }

    private async ValueTask HandleAsync(RemoteConnection connection, ReadOnlyMemory<byte> utf8)
    {
        if (!ArenaReader.TryRead(utf8.Span, out var message, out var problem))
        {
            LogInvalidMessage(robot, Name, problem);
            return;
        }

        switch (message)
        {
            case ArenaMessage.CommandAck ack when connection.TakeAcknowledgement(ack) is { } refused:
                failure = refused;
                connection.Socket.Close(SocketClose.Normal, "a command was refused");
                break;
            case ArenaMessage.JointStates states:
                connection.MarkAnswered();
                await ReportAsync(states.Joints);
                break;
            case ArenaMessage.Error error:
                LogRemoteError(robot, Name, error.Message);
                break;
        }
    }

    private async ValueTask ReportAsync(ImmutableArray<ArenaReading> joints)
    {
        ImmutableArray<JointReading> real =
            [.. joints.Where(joint => joint.Real is not null).Select(joint => new JointReading(joint.Name, joint.Real!.Value))];
        if (real.IsEmpty)
            return;
        var reply = await services.Engine().ApplyAsync(robot, new RobotRequest.SlaveReport(Name, real), ending.Token);
        if (reply.Refused is { } refused)
            LogInvalidMessage(robot, Name, refused.Text);
    }

    private async Task MonitorAsync(RemoteConnection connection, CancellationToken over)
    {
        var wasLagging = false;
        using var timer = new PeriodicTimer(CheckInterval, services.Clock.Time);
        do
        {
            var now = services.Clock.Now();
            connection.Tick(now);
            if (connection.IsLagging(now) is var lags && lags != wasLagging)
            {
                wasLagging = lags;
                await services.Engine().ApplyAsync(robot, new RobotRequest.SlavePace(Name, lags), over);
            }
        }
        while (await timer.WaitForNextTickAsync(over));
    }

    [LoggerMessage(1320, LogLevel.Information, "{Robot}: remote slave {Slave} is connected to {Address}")]
    private partial void LogConnected(string robot, string slave, string address);

    [LoggerMessage(1321, LogLevel.Warning, "{Robot}: remote slave {Slave} at {Address}: {Problem}; retried until it is unbound")]
    private partial void LogDisconnected(string robot, string slave, string address, string problem);

    [LoggerMessage(1322, LogLevel.Debug, "{Robot}: remote slave {Slave} sent an invalid message: {Problem}")]
    private partial void LogInvalidMessage(string robot, string slave, string problem);

    [LoggerMessage(1323, LogLevel.Debug, "{Robot}: remote slave {Slave} reports: {Text}")]
    private partial void LogRemoteError(string robot, string slave, string text);

    [LoggerMessage(1324, LogLevel.Error, "{Robot}: the connection to remote slave {Slave} failed; it is dialed again")]
    private partial void LogFault(Exception fault, string robot, string slave);
}
