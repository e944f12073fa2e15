using System.Collections.Immutable;
using System.Net.WebSockets;
using System.Threading.Channels;
using Armada.Core.Arena;
using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

/// <summary>
/// One client at the master or the slave endpoint of one robot. It executes the robot's commands until it sends one itself; then it
/// attaches as master, until it falls silent or is replaced.
/// </summary>
internal sealed partial class ArenaSession : IRobotSession, IDisposable
{
    private readonly ArenaServices services;
    private readonly string robot;
    private readonly ArenaQuery query;
    private readonly Caller caller;
    private readonly bool isMasterEndpoint;
    private readonly ArenaOutput output;
    private readonly JsonSocket socket;
    private readonly TokenBucket rate;
    private readonly Lock leaseLock = new();
    private uint? leaseEpoch;
    private bool isAttaching;
    private volatile string? leaseEndedBy; // By an operator or another master.
    private volatile string? playedSequence;
    private bool isLagging;
    private long lastMessageAt;
    private readonly Channel<bool> wakeUp = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock pendingLock = new();
    private PendingEvents pending;
    private string[] jointNames = [];
    private readonly ILogger<ArenaSession> logger;

    public ArenaSession(WebSocket raw, string robot, ArenaQuery query, bool isMasterEndpoint, Caller caller, ArenaServices services)
    {
        (this.robot, this.query, this.isMasterEndpoint, this.caller, this.services) = (robot, query, isMasterEndpoint, caller, services);
        logger = services.Logger;
        output = new ArenaOutput(robot, raw, services.Limits, services.Clock);
        socket = output.Socket;
        rate = new TokenBucket(services.Limits.MessagesPerSecond, services.Limits.Burst);
    }

    public string Name => query.Name;

    /// <summary>Closes the client's socket; returns at once.</summary>
    public void Close(int code, string reason) => socket.Close(code, reason);

    public async Task RunAsync(CancellationToken stopping)
    {
        var entered = await services.Engine.ConnectAsync(robot, this, stopping);
        if (entered.Refused is { } refused)
        {
            Reject(refused);
            await socket.RunAsync(_ => ValueTask.CompletedTask, stopping);
            return;
        }

        LogConnected(robot, Name, caller.Name);
        try
        {
            await ServeAsync(stopping);
        }
        finally
        {
            var why = socket.Closing is { Reason.Length: > 0 } closing ? closing.Reason : "it disconnected";
            if (LeaseEpoch is not null)
                services.Audit.Record(caller, "master-unbound", robot, $"remote {Name}: {why}");
            await services.Engine.DisconnectAsync(robot, this, why);
            LogDisconnected(robot, Name, why);
        }
    }

    public void Dispose() => output.Dispose();

    private async Task ServeAsync(CancellationToken stopping)
    {
        var joined = await services.Engine.ApplyAsync(robot, new RobotRequest.JoinSlave(Name), stopping);
        if (joined.Refused is { } refused)
            Reject(refused);
        if (joined.Robot is { } snapshot)
        {
            UpdateJointNames(snapshot);
            output.SendJointStates(snapshot);
        }

        if (isMasterEndpoint)
            services.Relay.Add(robot, this);
        using var ending = new CancellationTokenSource();
        var monitoring = socket.GuardAsync(MonitorAsync(ending.Token));
        var processing = socket.GuardAsync(ProcessEventsAsync(ending.Token));
        try
        {
            await socket.RunAsync(ReceiveAsync, stopping);
        }
        finally
        {
            services.Relay.Remove(robot, this);
            await ending.CancelAsync();
            await Task.WhenAll(monitoring, processing);
        }
    }

    private void Reject(Refusal refused)
    {
        output.SendRefusal(refused);
        socket.Close(refused.Reason == RefusalReason.UnknownRobot ? SocketClose.RobotUnknown : SocketClose.Refused, refused.Text);
    }

    private async ValueTask ReceiveAsync(ReadOnlyMemory<byte> utf8)
    {
        var now = services.Clock.Now();
        Volatile.Write(ref lastMessageAt, now.Monotonic);
        if (!rate.TryConsume(now))
            output.SendError("too_fast", $"more than {services.Limits.MessagesPerSecond} messages a second; some were dropped");
        else if (!ArenaReader.TryRead(utf8.Span, out var message, out var problem))
            Refuse(problem);
        else if (message.RobotId is { } meant && meant != robot)
            Refuse($"robot_id is '{meant}', but this endpoint is {robot}'s");
        else
            await HandleAsync(message);
    }

    private ValueTask HandleAsync(ArenaMessage message)
    {
        switch (message)
        {
            case ArenaMessage.Command command:
                return CommandAsync(command);
            case ArenaMessage.Sequence sequence:
                return PlayAsync(sequence.Content);
            case ArenaMessage.SlaveStatus status:
                return ReportAsync(status.Joints);
            case ArenaMessage.JointStates states:
                return ReportAsync(states.Joints);
            case ArenaMessage.StatusRequest:
                return SendStateAsync();
            case ArenaMessage.Heartbeat:
                output.SendHeartbeatAck();
                break;
            case ArenaMessage.Error error:
                services.Relay.Forward(robot, this, error);
                break;
        }

        return ValueTask.CompletedTask; // Status and acknowledgements only count as signs of life.
    }

    private async ValueTask CommandAsync(ArenaMessage.Command command)
    {
        var goals = command.Joints.Select(joint => new JointGoal(joint.Name, joint.Value, joint.Speed)).ToImmutableArray();
        var refused = await CommandAsync(new JointCommand(goals, command.Duration));
        if (refused is not null)
            output.SendRefusal(refused);
        if (!isMasterEndpoint)
            output.SendAcknowledgement(refused is null, refused?.Text);
    }

    private async ValueTask ReportAsync(ImmutableArray<ArenaReading> joints)
    {
        ImmutableArray<JointReading> real =
            [.. joints.Where(joint => joint.Real is not null).Select(joint => new JointReading(joint.Name, joint.Real!.Value))];
        if (!real.IsEmpty && LeaseEpoch is null) // A master is no slave, so the robot keeps no pose of it.
        {
            var reply = await services.Engine.ApplyAsync(robot, new RobotRequest.SlaveReport(Name, real), CancellationToken.None);
            if (reply.Refused is { } refused)
                output.SendRefusal(refused);
        }

        services.Relay.Forward(robot, this, [.. joints]);
    }

    private async ValueTask SendStateAsync()
    {
        if (await services.Engine.GetAsync(robot, CancellationToken.None) is not { } snapshot)
            return; // The robot was deleted; OnGone tells the client.
        output.SendJointStates(snapshot);
        if (isMasterEndpoint)
            output.SendStatus(snapshot, Name);
    }

    private void Refuse(string problem)
    {
        LogInvalidMessage(robot, Name, problem);
        output.SendError("invalid", problem);
    }

    /// <summary>The epoch of the client's lease; null without one.</summary>
    private uint? LeaseEpoch
    {
        get
        {
            lock (leaseLock)
                return leaseEpoch;
        }
    }

    private async ValueTask<Refusal?> CommandAsync(JointCommand command)
    {
        if (await AttachAsync() is { } refused)
            return refused;
        if (LeaseEpoch is not { } epoch)
            return new Refusal(RefusalReason.NotMaster, leaseEndedBy ?? $"{Name} has just lost {robot}");
        var reply = await services.Engine.ApplyAsync(robot, new RobotRequest.RemoteCommand(Name, epoch, command), CancellationToken.None);
        if (reply.Refused is { Reason: RefusalReason.NotMaster } lost)
            await HandleLeaseLostAsync(epoch, lost.Text);
        return reply.Refused;
    }

    private async ValueTask<Refusal?> AttachAsync()
    {
        lock (leaseLock)
        {
            if (leaseEndedBy is not null)
                return new Refusal(RefusalReason.NotMaster, leaseEndedBy); // A client that always takes over would otherwise do so again at once.
            if (leaseEpoch is not null)
                return null;
            isAttaching = true;
        }

        var reply = await services.Engine.ApplyAsync(robot, new RobotRequest.AttachRemote(Name, query.Takeover), CancellationToken.None);
        lock (leaseLock)
        {
            isAttaching = false;
            leaseEpoch = reply.Refused is null && leaseEndedBy is null ? reply.Robot!.Master?.Epoch : null;
        }

        if (reply.Refused is { } refused)
            return refused;
        output.DropCommand();
        Audit("remote", Name);
        return null;
    }

    private async ValueTask PlayAsync(ArenaSequence content)
    {
        var refused = await TryPlayAsync(content);
        if (refused is not null)
            output.SendRefusal(refused);
        if (!isMasterEndpoint)
            output.SendAcknowledgement(refused is null, refused?.Text);
    }

    private async ValueTask<Refusal?> TryPlayAsync(ArenaSequence content)
    {
        if (!ArenaSequences.TryConvert(content, Name, out var sequence, out var problem))
            return new Refusal(RefusalReason.Invalid, problem);
        if (await services.Engine.GetAsync(robot, CancellationToken.None) is not { } snapshot)
            return new Refusal(RefusalReason.UnknownRobot, $"robot {robot} was deleted");
        var motion = new SequenceMotion(sequence);
        if (!motion.TryFit(snapshot.Document.Model, out _, out var mismatch))
            return new Refusal(RefusalReason.Invalid, mismatch); // Checked before the lease is released for the sequence.
        if (leaseEndedBy is { } ended)
            return new Refusal(RefusalReason.NotMaster, ended);
        await ReleaseLeaseAsync();
        playedSequence = motion.Name;
        services.Sequences.Set(robot, sequence);
        var reply = await services.Engine.ApplyAsync(
            robot, new RobotRequest.Play(motion, sequence.Loop, query.Takeover), CancellationToken.None);
        if (reply.Refused is null)
            Audit("sequence", motion.Name);
        return reply.Refused;
    }

    private void Audit(string kind, string master) =>
        services.Audit.Record(caller, "master-bound", robot, query.Takeover ? $"{kind} {master}, takeover" : $"{kind} {master}");

    // The sequence replaces the client as master, so the client's own lease is released first.
    private async ValueTask ReleaseLeaseAsync()
    {
        lock (leaseLock)
        {
            if (leaseEpoch is null)
                return;
            leaseEpoch = null;
        }

        await services.Engine.ApplyAsync(robot, new RobotRequest.DetachRemote(Name), CancellationToken.None);
        await JoinAsync();
    }

    private async ValueTask HandleLeaseLostAsync(uint epoch, string why)
    {
        lock (leaseLock)
        {
            if (leaseEpoch != epoch || leaseEndedBy is not null)
                return; // Already reported; a lease attached since then is another one.
            leaseEpoch = null;
        }

        output.SendError("lease_lost", why);
        await JoinAsync();
    }

    private async ValueTask JoinAsync()
    {
        isLagging = false;
        var reply = await services.Engine.ApplyAsync(robot, new RobotRequest.JoinSlave(Name), CancellationToken.None);
        if (reply.Refused is { } refused)
            output.SendRefusal(refused);
    }

    private async Task MonitorAsync(CancellationToken cancellation)
    {
        Volatile.Write(ref lastMessageAt, services.Clock.Monotonic());
        using var timer = new PeriodicTimer(services.Timing.CheckInterval, services.Clock.Time);
        Timestamp? renewed = null;
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            var now = services.Clock.Now();
            if (LeaseEpoch is not { } epoch)
            {
                await UpdateLaggingAsync();
            }
            else if (IsResponsive(now) && (renewed is not { } at || now.IsPast(at, services.Timing.RenewalInterval)))
            {
                renewed = now;
                var reply = await services.Engine.ApplyAsync(robot, new RobotRequest.RenewLease(Name, epoch), CancellationToken.None);
                if (reply.Refused is { } refused)
                    await HandleLeaseLostAsync(epoch, refused.Text);
            }
        }
    }

    private bool IsResponsive(Timestamp now) => now.Monotonic - Volatile.Read(ref lastMessageAt) < Microseconds.Of(services.Timing.SilenceLimit);

    private async ValueTask UpdateLaggingAsync()
    {
        var lags = socket.IsLagging(services.Timing.LaggingAfter);
        if (lags == isLagging)
            return;
        isLagging = lags;
        await services.Engine.ApplyAsync(robot, new RobotRequest.SlavePace(Name, lags), CancellationToken.None);
    }

    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions) => output.SetCommand(positions);

    public void OnEvent(RobotEvent robotEvent)
    {
        lock (leaseLock)
        {
            var isOwn = robotEvent.Subject == Name && (leaseEpoch is not null || isAttaching);
            lock (pendingLock)
            {
                pending.Anything = true;
                if (robotEvent.Kind == RobotEventKind.MasterLive && robotEvent.Subject != Name)
                    pending.Began = robotEvent.Subject;
                else if (isOwn && robotEvent.Kind == RobotEventKind.MasterLost)
                    pending.Lost = leaseEpoch;
                else if (isOwn && robotEvent.Kind is RobotEventKind.MasterReplaced or RobotEventKind.MasterUnbound)
                    pending.LeaseEnded = EndLease(robotEvent.By);
            }
        }

        wakeUp.Writer.TryWrite(true);
    }

    public void OnGone(string reason)
    {
        lock (pendingLock)
            (pending.Gone, pending.Anything) = (reason, true);
        wakeUp.Writer.TryWrite(true);
    }

    public void OnSlaveStatus(string slave, ArenaReading[] readings) => output.SetStatus(slave, readings);

    public void OnSlaveError(string slave, ArenaMessage.Error error) => output.SendError(error.Code ?? "slave", error.Message, slave);

    private async Task ProcessEventsAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await wakeUp.Reader.ReadAsync(cancellation);
            PendingEvents seen;
            lock (pendingLock)
                (seen, pending) = (pending, default);
            if (seen.Anything)
                await HandleEventsAsync(seen);
        }
    }

    private async Task HandleEventsAsync(PendingEvents seen)
    {
        if (seen.Gone is { } gone)
        {
            services.Sequences.Remove(robot);
            output.SendError("robot_unknown", gone);
            socket.Close(SocketClose.RobotUnknown, gone);
            return;
        }

        var snapshot = await services.Engine.GetAsync(robot, CancellationToken.None);
        if (seen.LeaseEnded is { } ended)
            output.SendError(ended.Code, ended.Text);
        else if (seen.Lost is { } epoch)
            await HandleLeaseLostAsync(epoch, $"{Name} was silent for too long and lost its lease of {robot}");
        if (snapshot is not null)
        {
            UpdateJointNames(snapshot);
            await SendSequenceAsync(snapshot, seen.Began);
            output.SendStatus(snapshot, Name);
        }

        if (seen.LeaseEnded is not null)
            socket.Close(SocketClose.TakenOver, seen.LeaseEnded.Value.Text);
    }

    // Called under leaseLock. The lease was ended on purpose, so this client cannot attach again before it reconnects.
    private (string Code, string Text) EndLease(string? by)
    {
        leaseEndedBy = by is null ? $"{Name} was detached from {robot}" : $"{by} took over {robot} from {Name}";
        leaseEpoch = null;
        return (by is null ? "detached" : "taken_over", leaseEndedBy);
    }

    // The client that sent the sequence knows it already.
    private async ValueTask SendSequenceAsync(RobotSnapshot snapshot, string? began)
    {
        if (began is null || began == playedSequence || snapshot.Master is not { Kind: MasterKind.Sequence } master || master.Name != began)
            return;
        var model = snapshot.Document.Model;
        var names = jointNames;
        if (await services.Sequences.FindAsync(robot, began, joint => model.Find(joint) is var at and >= 0 ? names[at] : joint) is { } content)
            output.SendSequence(content);
    }

    private void UpdateJointNames(RobotSnapshot snapshot)
    {
        var own = snapshot.Document.Slaves.FirstOrDefault(slave => slave.Name == Name);
        var names = JointWireNames.Of(snapshot.Document.Model, own?.JointMappings ?? [], query.Canonical);
        if (names.AsSpan().SequenceEqual(jointNames))
            return;
        jointNames = names;
        output.SetJoints(names);
    }

    private struct PendingEvents
    {
        public bool Anything;
        public string? Gone;
        public (string Code, string Text)? LeaseEnded;
        public uint? Lost;
        public string? Began;
    }

    [LoggerMessage(1300, LogLevel.Information, "{Robot}: {Client} of {Caller} connected")]
    private partial void LogConnected(string robot, string client, string caller);

    [LoggerMessage(1301, LogLevel.Information, "{Robot}: {Client} disconnected: {Reason}")]
    private partial void LogDisconnected(string robot, string client, string reason);

    [LoggerMessage(1302, LogLevel.Debug, "{Robot}: {Client} sent an invalid message: {Problem}")]
    private partial void LogInvalidMessage(string robot, string client, string problem);
}

internal sealed record ArenaServices(
    IRobotEngine Engine,
    ArenaRelay Relay,
    ArenaSequences Sequences,
    IAuditTrail Audit,
    SocketLimits Limits,
    ArenaTiming Timing,
    SiloClock Clock,
    ILogger<ArenaSession> Logger);

internal sealed record ArenaTiming
{
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A lease expires after 2 s.</summary>
    public TimeSpan RenewalInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The lease of a client that sent nothing for this long is no longer renewed; the protocol's heartbeat comes every 5 s.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A client whose command has waited this long is lagging.</summary>
    public TimeSpan LaggingAfter { get; init; } = TimeSpan.FromMilliseconds(300);
}
