using System.Collections.Immutable;
using System.Net.WebSockets;
using System.Threading.Channels;
using Armada.Core.Arena;
using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Silo.Access;
using Armada.Silo.Engine;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

/// <summary>
/// One client at the master or the slave door of one robot. It executes the robot's commands until it sends one itself; then it asks
/// for the lease and commands, as long as it lives and nobody takes its place.
/// </summary>
internal sealed partial class ArenaSession : IRobotSession, IDisposable
{
    private const string Invalid = "invalid";
    private const string TooFast = "too_fast";

    private readonly ArenaParts parts;
    private readonly string robot;
    private readonly ArenaQuery query;
    private readonly Caller caller;
    private readonly bool isMasterDoor;
    private readonly ArenaOutbox outbox;
    private readonly JsonSocket socket;
    private readonly ArenaNotifier voice;
    private readonly MessageRate rate;

    private readonly Lock leasing = new();
    private uint? held;
    private bool isAttaching;
    private string? endedBy;
    private volatile string? played;
    private bool isLagging;
    private long heardAt;

    private readonly Channel<bool> bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock telling = new();
    private Happened happened;
    private string[] told = [];

    private readonly ILogger<ArenaSession> logger;

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
        var entered = await parts.Engine.ConnectAsync(robot, this, stopping);
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
            await parts.Engine.DisconnectAsync(robot, this, why);
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

    private async ValueTask ReceiveAsync(ReadOnlyMemory<byte> utf8)
    {
        var now = parts.Clock.Now();
        Volatile.Write(ref heardAt, now.Monotonic);
        if (!rate.TryPass(now))
            voice.Error(TooFast, $"more than {parts.Limits.MessagesPerSecond} messages a second; some were dropped");
        else if (!ArenaReader.TryRead(utf8.Span, out var message, out var problem))
            Refuse(problem);
        else if (message.RobotId is { } meant && meant != robot)
            Refuse($"robot_id is '{meant}', and this is the door of {robot}");
        else
            await TakeAsync(message);
    }

    private ValueTask TakeAsync(ArenaMessage message)
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
                return TellStateAsync();
            case ArenaMessage.Heartbeat:
                voice.Heartbeat();
                break;
            case ArenaMessage.Error error:
                parts.Relay.Pass(robot, this, error);
                break;
        }

        return ValueTask.CompletedTask; // Status and acknowledgements are signs of life and no more.
    }

    private async ValueTask CommandAsync(ArenaMessage.Command command)
    {
        var goals = command.Joints.Select(joint => new JointGoal(joint.Name, joint.Value, joint.Speed)).ToImmutableArray();
        var refused = await CommandAsync(new JointCommand(goals, command.Duration));
        if (refused is not null)
            voice.Refuse(refused);
        if (!isMasterDoor)
            voice.Acknowledge(refused is null, refused?.Text);
    }

    private async ValueTask ReportAsync(ImmutableArray<ArenaReading> joints)
    {
        ImmutableArray<JointReading> real =
            [.. joints.Where(joint => joint.Real is not null).Select(joint => new JointReading(joint.Name, joint.Real!.Value))];
        if (!real.IsEmpty && Held is null) // Who commands is no slave, so the robot keeps no pose of it.
        {
            var reply = await parts.Engine.ApplyAsync(robot, new RobotRequest.SlaveReport(Name, real), CancellationToken.None);
            if (reply.Refused is { } refused)
                voice.Refuse(refused);
        }

        parts.Relay.Pass(robot, this, [.. joints]);
    }

    private async ValueTask TellStateAsync()
    {
        if (await parts.Engine.GetAsync(robot, CancellationToken.None) is not { } snapshot)
            return; // The robot is gone, which its clients are told apart.
        voice.JointStates(snapshot);
        if (isMasterDoor)
            voice.Status(snapshot, Name);
    }

    private void Refuse(string problem)
    {
        LogBad(robot, Name, problem);
        voice.Error(Invalid, problem);
    }

    /// <summary>The epoch of the lease that the client holds, or null.</summary>
    private uint? Held
    {
        get
        {
            lock (leasing)
                return held;
        }
    }

    /// <summary>Who ended the client's lease on purpose, in words, or null.</summary>
    private string? Ended
    {
        get
        {
            lock (leasing)
                return endedBy;
        }
    }

    private async ValueTask<Refusal?> CommandAsync(JointCommand command)
    {
        if (await AttachAsync() is { } refused)
            return refused;
        if (Held is not { } epoch)
            return new Refusal(RefusalReason.NotMaster, $"{Name} has just lost {robot}");
        var reply = await parts.Engine.ApplyAsync(robot, new RobotRequest.RemoteCommand(Name, epoch, command), CancellationToken.None);
        if (reply.Refused is { Reason: RefusalReason.NotMaster } lost)
            await LoseAsync(epoch, lost.Text);
        return reply.Refused;
    }

    private async ValueTask<Refusal?> AttachAsync()
    {
        lock (leasing)
        {
            if (endedBy is not null)
                return new Refusal(RefusalReason.NotMaster, endedBy); // Or a client that always takes over would do so at once again.
            if (held is not null)
                return null;
            isAttaching = true;
        }

        var reply = await parts.Engine.ApplyAsync(robot, new RobotRequest.AttachRemote(Name, query.Takeover), CancellationToken.None);
        lock (leasing)
        {
            isAttaching = false;
            held = reply.Refused is null && endedBy is null ? reply.Robot!.Master?.Epoch : null;
        }

        if (reply.Refused is { } refused)
            return refused;
        outbox.DropCommand();
        Audit("remote", Name);
        return null;
    }

    private async ValueTask PlayAsync(ArenaSequence content)
    {
        var refused = await TryPlayAsync(content);
        if (refused is not null)
            voice.Refuse(refused);
        if (!isMasterDoor)
            voice.Acknowledge(refused is null, refused?.Text);
    }

    private async ValueTask<Refusal?> TryPlayAsync(ArenaSequence content)
    {
        if (!ArenaSequences.TryConvert(content, Name, out var sequence, out var problem))
            return new Refusal(RefusalReason.Invalid, problem);
        if (await parts.Engine.GetAsync(robot, CancellationToken.None) is not { } snapshot)
            return new Refusal(RefusalReason.UnknownRobot, $"robot {robot} is gone");
        var motion = new SequenceMotion(sequence);
        if (!motion.TryFit(snapshot.Document.Model, out _, out var misfit))
            return new Refusal(RefusalReason.Invalid, misfit); // Found out before the lease is given up for it.
        if (Ended is { } ended)
            return new Refusal(RefusalReason.NotMaster, ended);
        await YieldAsync();
        played = motion.Name;
        parts.Sequences.Keep(robot, sequence);
        var reply = await parts.Engine.ApplyAsync(
            robot, new RobotRequest.Play(motion, sequence.Loop, query.Takeover), CancellationToken.None);
        if (reply.Refused is null)
            Audit("sequence", motion.Name);
        return reply.Refused;
    }

    private void Audit(string kind, string master) =>
        parts.Audit.Record(caller, "master-bound", robot, query.Takeover ? $"{kind} {master}, takeover" : $"{kind} {master}");

    // The motion it plays takes its own place, so it gives that up first; no other's.
    private async ValueTask YieldAsync()
    {
        lock (leasing)
        {
            if (held is null)
                return;
            held = null;
        }

        await parts.Engine.ApplyAsync(robot, new RobotRequest.DetachRemote(Name), CancellationToken.None);
        await JoinAsync();
    }

    private async ValueTask LoseAsync(uint epoch, string why)
    {
        lock (leasing)
        {
            if (held != epoch || endedBy is not null)
                return; // Told already; and what was attached since is another lease.
            held = null;
        }

        voice.Error("lease_lost", why);
        await JoinAsync();
    }

    private async ValueTask JoinAsync()
    {
        isLagging = false;
        var reply = await parts.Engine.ApplyAsync(robot, new RobotRequest.JoinSlave(Name), CancellationToken.None);
        if (reply.Refused is { } refused)
            voice.Refuse(refused);
    }

    private async Task PaceAsync(CancellationToken cancellation)
    {
        Volatile.Write(ref heardAt, parts.Clock.Monotonic());
        using var timer = new PeriodicTimer(parts.Timing.Step, parts.Clock.Time);
        Timestamp? renewed = null;
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            var now = parts.Clock.Now();
            if (Held is not { } epoch)
            {
                await PaceSlaveAsync(now);
            }
            else if (IsHeard(now) && (renewed is not { } at || now.IsPast(at, parts.Timing.Renewal)))
            {
                renewed = now;
                var reply = await parts.Engine.ApplyAsync(robot, new RobotRequest.RenewLease(Name, epoch), CancellationToken.None);
                if (reply.Refused is { } refused)
                    await LoseAsync(epoch, refused.Text);
            }
        }
    }

    private bool IsHeard(Timestamp now) => now.Monotonic - Volatile.Read(ref heardAt) < Microseconds.Of(parts.Timing.Silence);

    private async ValueTask PaceSlaveAsync(Timestamp now)
    {
        var lags = socket.SampleWaitingSince is { } since && now.IsPast(since, parts.Timing.Lagging);
        if (lags == isLagging)
            return;
        isLagging = lags;
        await parts.Engine.ApplyAsync(robot, new RobotRequest.SlavePace(Name, lags), CancellationToken.None);
    }

    /// <inheritdoc/>
    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions) => outbox.PutCommand(positions);

    /// <inheritdoc/>
    public void OnEvent(RobotEvent note)
    {
        lock (leasing)
        {
            var isOwn = note.Subject == Name && (held is not null || isAttaching);
            lock (telling)
            {
                happened.Anything = true;
                if (note.Kind == RobotEventKind.MasterLive && note.Subject != Name)
                    happened.Began = note.Subject;
                else if (isOwn && note.Kind == RobotEventKind.MasterLost)
                    happened.Lost = held;
                else if (isOwn && note.Kind is RobotEventKind.MasterReplaced or RobotEventKind.MasterUnbound)
                    happened.Ended = EndLease(note.By);
            }
        }

        bell.Writer.TryWrite(true);
    }

    /// <inheritdoc/>
    public void OnGone(string reason)
    {
        lock (telling)
            (happened.Gone, happened.Anything) = (reason, true);
        bell.Writer.TryWrite(true);
    }

    /// <summary>Another client says where its joints are.</summary>
    public void OnSlaveStatus(string slave, ArenaReading[] readings) => outbox.PutStatus(slave, readings);

    /// <summary>Another client is in trouble.</summary>
    public void OnSlaveError(string slave, ArenaMessage.Error error) => voice.Error(error.Code ?? "slave", error.Message, slave);

    private async Task WatchAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await bell.Reader.ReadAsync(cancellation);
            Happened seen;
            lock (telling)
                (seen, happened) = (happened, default);
            if (seen.Anything)
                await TellAsync(seen);
        }
    }

    private async Task TellAsync(Happened seen)
    {
        if (seen.Gone is { } gone)
        {
            parts.Sequences.Forget(robot);
            voice.Error("robot_unknown", gone);
            socket.Close(SocketClose.RobotUnknown, gone);
            return;
        }

        var snapshot = await parts.Engine.GetAsync(robot, CancellationToken.None);
        if (seen.Ended is { } ended)
            voice.Error(ended.Code, ended.Text);
        else if (seen.Lost is { } epoch)
            await LoseAsync(epoch, $"{Name} was silent for too long and no longer commands {robot}");
        if (snapshot is not null)
        {
            Face(snapshot);
            await TellSequenceAsync(snapshot, seen.Began);
            voice.Status(snapshot, Name);
        }

        if (seen.Ended is not null)
            socket.Close(SocketClose.TakenOver, seen.Ended.Value.Text);
    }

    // Called with the lease locked. Whoever ended it did so on purpose: this client commands no more before it connects again.
    private (string Code, string Text) EndLease(string? by)
    {
        endedBy = by is null ? $"{Name} was detached from {robot}" : $"{by} took over {robot} from {Name}";
        held = null;
        return (by is null ? "detached" : "taken_over", endedBy);
    }

    // Whoever sent the motion knows it.
    private async ValueTask TellSequenceAsync(RobotSnapshot snapshot, string? began)
    {
        if (began is null || began == played || snapshot.Master is not { Kind: MasterKind.Sequence } master || master.Name != began)
            return;
        var model = snapshot.Document.Model;
        var names = told;
        if (await parts.Sequences.FindAsync(robot, began, joint => model.Find(joint) is var at and >= 0 ? names[at] : joint) is { } content)
            voice.Sequence(content);
    }

    /// <summary>Calls the joints as this client knows them: by its binding's names, or by those of the family it chose.</summary>
    private void Face(RobotSnapshot snapshot)
    {
        var own = snapshot.Document.Slaves.FirstOrDefault(slave => slave.Name == Name);
        var names = WireNames.Of(snapshot.Document.Model, own?.JointMappings ?? [], query.Canonical);
        if (names.AsSpan().SequenceEqual(told))
            return;
        told = names;
        outbox.Name(names);
        voice.Name(names);
    }

    /// <summary>What the client has not been told yet; of several things of a kind the last.</summary>
    private struct Happened
    {
        public bool Anything;
        public string? Gone;
        public (string Code, string Text)? Ended;
        public uint? Lost;
        public string? Began;
    }

    [LoggerMessage(1300, LogLevel.Information, "{Robot}: {Client} of {Caller} connected")]
    private partial void LogEntered(string robot, string client, string caller);

    [LoggerMessage(1301, LogLevel.Information, "{Robot}: {Client} left: {Reason}")]
    private partial void LogLeft(string robot, string client, string reason);

    [LoggerMessage(1302, LogLevel.Debug, "{Robot}: {Client} sent what is no message: {Problem}")]
    private partial void LogBad(string robot, string client, string problem);
}

/// <summary>What every client's session shares.</summary>
internal sealed record ArenaParts(
    IRobotEngine Engine,
    ArenaRelay Relay,
    ArenaSequences Sequences,
    IAuditTrail Audit,
    SocketLimits Limits,
    ArenaTiming Timing,
    SiloClock Clock,
    ILogger<ArenaSession> Logger);

/// <summary>How long a client at the doors is waited for.</summary>
internal sealed record ArenaTiming
{
    /// <summary>Between two looks at a client.</summary>
    public TimeSpan Step { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Between two renewals of a lease; a lease lives for two seconds.</summary>
    public TimeSpan Renewal { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A client that has said nothing for this long is not spoken for any more: three heartbeats of the protocol's 5 s.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A client whose command has waited this long lags.</summary>
    public TimeSpan Lagging { get; init; } = TimeSpan.FromMilliseconds(300);
}
