using System.Buffers;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Armada.Core.Engine;
using Armada.Core.Rooms;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.Engine;
using Armada.Silo.Options;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>One participant of a room: a producer is the robot's remote master, a consumer one of its unbound slaves.</summary>
internal sealed partial class RoomSession : IRobotSession, ISampleSource, IDisposable
{
    private const int MaxNamesInError = 5;
    private const string ApiSource = "api";

    private readonly RoomName room;
    private readonly Caller caller;
    private readonly RoomServices services;
    private readonly ILogger logger;
    private readonly JsonSocket socket;
    private readonly CancellationTokenSource ended = new();
    private readonly Lock sync = new();
    private readonly RoomWriter writer = new();
    private readonly ArrayBufferWriter<byte> buffer = new();
    private int stage = (int)Stage.Waiting;
    private RoomJoin? join;
    private OpenRoom? open;
    private string robot = "";
    private bool isDisposed;
    private Task periodicTask = Task.CompletedTask;
    private bool isConnected;
    private readonly TokenBucket rate;
    private readonly OncePerSecond errors;
    private volatile uint epoch;
    private long lastMessageAt;
    private readonly RoomWriter updates = new();
    private readonly Lock updateLock = new();
    private readonly List<RoomJoint> changed = [];
    private volatile RoomJoints? joints;
    private volatile string source = ApiSource;
    private volatile bool isConfigured;
    private double[] positions = [];
    private double[] sent = [];
    private bool updatesStarted;
    private long sequence;
    private readonly SemaphoreSlim reacquireLock = new(1);
    private bool isLagging;

    public RoomSession(RoomName room, WebSocket raw, Caller caller, RoomServices services)
    {
        (this.room, this.caller, this.services, logger) = (room, caller, services, services.Logger);
        socket = new JsonSocket(raw, this, services.Limits, services.Clock);
        rate = new TokenBucket(services.Limits.MessagesPerSecond, services.Limits.Burst);
        errors = new(services.Clock.Time);
    }

    private enum Stage
    {
        Waiting, // For the first frame.
        Joining,
        Joined,
        Refused,
    }

    public string Name { get; private set; } = "";
    public RoomRole Role => join?.Role ?? RoomRole.Consumer;
    private bool IsJoined => Volatile.Read(ref stage) == (int)Stage.Joined;

    public void Close(int code, string reason) => socket.Close(code, reason);

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(services.Timing.JoinTimeout, services.Clock.Time);
        await using var refuse = late.Token.Register(RefuseLateJoin);
        try
        {
            await socket.RunAsync(ReceiveAsync, cancellation);
        }
        finally
        {
            await ended.CancelAsync();
            try
            {
                await periodicTask;
            }
            finally
            {
                await DisconnectAsync();
            }
        }
    }

    public void Dispose()
    {
        lock (sync)
        {
            isDisposed = true;
            writer.Dispose();
        }

        ended.Dispose();
        updates.Dispose();
        reacquireLock.Dispose();
    }

    private ValueTask ReceiveAsync(ReadOnlyMemory<byte> message)
    {
        Volatile.Write(ref lastMessageAt, services.Clock.Monotonic());
        if (Interlocked.CompareExchange(ref stage, (int)Stage.Joining, (int)Stage.Waiting) == (int)Stage.Waiting)
            return JoinAsync(message);
        return IsJoined ? HandleAsync(message) : ValueTask.CompletedTask;
    }

    private ValueTask<RobotReply> ApplyAsync(RobotRequest request) => services.Engine.ApplyAsync(robot, request, CancellationToken.None);

    private void Send(Action<RoomWriter, IBufferWriter<byte>, DateTimeOffset> write)
    {
        lock (sync)
        {
            if (isDisposed)
                return; // Others in the room may still notify this session while it ends.
            buffer.ResetWrittenCount();
            write(writer, buffer, services.OpenRooms.Now);
            socket.Send(buffer.WrittenSpan);
        }
    }

    private void SendError(string message, string code, string? reason) =>
        Send((writer, to, now) => writer.Error(to, message, code, reason, now));

    // For errors that a client can cause with every message: sent at most once a second.
    private void SendThrottledError(string message, string code, string? reason)
    {
        if (errors.Count(out _))
            SendError(message, code, reason);
    }

    private async ValueTask JoinAsync(ReadOnlyMemory<byte> frame)
    {
        join = RoomReader.ReadJoin(frame, out var error);
        Name = join is null ? "" : SessionName(join.ParticipantId);
        if (join is null)
            Refuse("invalid", $"the first frame: {error}");
        else if (await services.Catalog.FindAsync(room, CancellationToken.None) is not { } found)
            Refuse("room_unknown", $"there is no room {room.Id} in workspace {room.Workspace}");
        else
            await JoinAsync(found.Document);
    }

    private async ValueTask JoinAsync(RobotDocument document)
    {
        var id = robot = document.Id;
        open = services.OpenRooms.Get(id);
        var most = Math.Clamp(document.Room?.MaxConsumers ?? RoomRequestBodies.DefaultMaxConsumers, 1, RoomRequestBodies.MaxConsumersLimit);
        if (!open.TryAdd(this, most, services.OpenRooms.Now))
        {
            Refuse("room_full", $"the room is full: it has {most} consumers");
            return;
        }

        var reply = await services.Engine.ConnectAsync(id, this, CancellationToken.None);
        isConnected = reply.Refused is null;
        if (isConnected)
            reply = await ApplyAsync(Role == RoomRole.Producer ? new RobotRequest.AttachRemote(Name, join!.Takeover) : new RobotRequest.JoinSlave(Name));
        if (reply.Refused is { } refused)
            Refuse(CodeOf(refused.Reason), refused.Text);
        else
            CompleteJoin(reply.Robot!);
    }

    private void CompleteJoin(RobotSnapshot snapshot)
    {
        epoch = snapshot.Document.Epoch;
        joints = new RoomJoints(snapshot.Document.Model, services.Options.RoomUnits);
        open!.UpdateCommandedJoints(snapshot);
        if (Role == RoomRole.Consumer)
            SendInitialState(snapshot);
        Send((writer, to, now) => writer.Joined(to, room.Workspace, room.Id, Role, now));
        Volatile.Write(ref stage, (int)Stage.Joined);
        if (snapshot.Stopped)
            SendStopped(open.Stopped ?? new StopReason($"robot {robot} is stopped", ApiSource));
        StartUpdates();
        NotifyOthers(here: true);
        if (Role == RoomRole.Producer)
            AuditMasterBound(join!.Takeover);
        LogJoined(Name, Role, room.Workspace, room.Id);
        periodicTask = socket.GuardAsync(RunPeriodicAsync());
    }

    private void AuditMasterBound(bool takeover) => services.Audit.Record(
        caller, "master-bound", robot, $"{Name} (remote), producer of room {room.Workspace}/{room.Id}{(takeover ? ", takeover" : "")}");

    private async Task DisconnectAsync()
    {
        if (isConnected)
            await services.Engine.DisconnectAsync(robot, this, "left the room");
        open?.Remove(this, services.OpenRooms.Now);
        if (!IsJoined)
            return;
        NotifyOthers(here: false);
        LogLeft(Name, Role, room.Workspace, room.Id);
    }

    private void NotifyOthers(bool here)
    {
        foreach (var other in open!.Sessions)
        {
            if (other != this && other is { IsJoined: true, join.Presence: true })
                other.Send((writer, to, now) => writer.Presence(to, here, room.Id, Name, Role, now));
        }
    }

    private void RefuseLateJoin()
    {
        if (Interlocked.CompareExchange(ref stage, (int)Stage.Refused, (int)Stage.Waiting) == (int)Stage.Waiting)
            Refuse("too_late", $"the first frame did not come within {services.Timing.JoinTimeout.TotalSeconds:0} s");
    }

    private void Refuse(string code, string reason)
    {
        Volatile.Write(ref stage, (int)Stage.Refused);
        SendError("Cannot join room", code, reason);
        socket.Close(SocketClose.Normal, "cannot join room");
        LogRefused(room.Workspace, room.Id, reason);
    }

    /// <summary>The participant's id, or a readable prefix and a hash if the id cannot be a slave's name and one segment of a URL.</summary>
    private static string SessionName(string id)
    {
        if (SlaveRules.FindProblem(id) is null && RoomName.IsId(id))
            return id;
        var prefix = new string([.. id.Take(SlaveRules.MaxNameLength / 2).Select(letter => letter == '/' ? '-' : letter)]).Trim();
        return $"{prefix}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 8))}";
    }

    private static string CodeOf(RefusalReason reason) =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());

    private async ValueTask HandleAsync(ReadOnlyMemory<byte> bytes)
    {
        var message = RoomReader.ReadMessage(bytes, out _);
        open!.MarkUsed(services.OpenRooms.Now);
        if (message is RoomMessage.EmergencyStop stop)
        {
            await StopAsync(stop.Reason ?? $"Emergency stop from {Name}");
        }
        else if (!rate.TryConsume(services.Clock.Now()))
        {
            services.OpenRooms.CountIgnored();
            SendThrottledError("Too many messages", "too_fast", $"at most {services.Limits.MessagesPerSecond} a second are processed");
        }
        else
        {
            await HandleAsync(message);
        }
    }

    private async ValueTask HandleAsync(RoomMessage? message)
    {
        switch (message)
        {
            case RoomMessage.JointUpdate update when Role == RoomRole.Producer:
                await MoveAsync(update);
                break;
            case RoomMessage.JointUpdate:
                SendThrottledError("Only the producer sends joint updates", "not_producer", null);
                break;
            case RoomMessage.Heartbeat:
                Send((writer, to, now) => writer.HeartbeatAck(to, now));
                break;
            case RoomMessage.Unknown unknown:
                SendThrottledError($"Unknown message type: {unknown.Type}", "unknown_type", null);
                break;
            case null:
                services.OpenRooms.CountIgnored();
                break;
        }
    }

    private async ValueTask MoveAsync(RoomMessage.JointUpdate update)
    {
        var unknown = new List<string>();
        var goals = joints!.ToGoals(update.Joints, (_, name) => unknown.Add(name));
        if (unknown.Count > 0)
            SendThrottledError("Failed to process joint update", "joint_unknown", $"the robot has no {FormatNames(unknown)}");
        else if (update.Problem is { } problem)
            SendThrottledError("Failed to process joint update", "invalid", problem);
        if (!goals.IsEmpty)
            await CommandAsync(new JointCommand(goals));
    }

    private async ValueTask CommandAsync(JointCommand command)
    {
        var reply = await ApplyAsync(new RobotRequest.RemoteCommand(Name, epoch, command));
        if (reply.Refused?.Reason == RefusalReason.NotMaster && await ReacquireLeaseAsync())
            reply = await ApplyAsync(new RobotRequest.RemoteCommand(Name, epoch, command));
        if (reply.Refused is { } refused)
            SendThrottledError("Failed to process joint update", CodeOf(refused.Reason), refused.Text);
        else
            open!.UpdateCommandedJoints(reply.Robot!);
    }

    private async ValueTask StopAsync(string reason)
    {
        var words = new StopReason(reason, Name);
        open!.BeginStop(words);
        try
        {
            var reply = await ApplyAsync(new RobotRequest.Stop());
            if (reply.Refused is { } refused)
                SendError("The stop could not be stored", CodeOf(refused.Reason), refused.Text);
        }
        finally
        {
            open.EndStop();
        }

        services.Audit.Record(caller, "stop", robot, $"{Name}: {reason}");
        foreach (var session in open.Sessions.Where(session => session.IsJoined))
            session.SendStopped(words);
    }

    private void SendStopped(StopReason stopped) =>
        Send((writer, to, now) => writer.EmergencyStop(to, stopped.Reason, stopped.Source, now));

    private static string FormatNames(List<string> names) =>
        string.Join(", ", names.Take(MaxNamesInError)) + (names.Count > MaxNamesInError ? $" and {names.Count - MaxNamesInError} more" : "");

    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        lock (updateLock)
        {
            if (this.positions.Length != positions.Length)
                this.positions = new double[positions.Length];
            positions.CopyTo(this.positions);
        }

        SendNewest();
    }

    public void SendNewest()
    {
        lock (updateLock)
        {
            if (!updatesStarted)
                return;
        }

        socket.NotifySample();
    }

    public void OnEvent(RobotEvent robotEvent)
    {
        switch (robotEvent.Kind)
        {
            case RobotEventKind.MasterLive:
                source = robotEvent.Subject;
                break;
            case RobotEventKind.ManualBegan:
                source = ApiSource;
                break;
            case RobotEventKind.MasterReplaced or RobotEventKind.MasterUnbound when IsOwnLease(robotEvent):
                SendError("No longer the producer", robotEvent.By is null ? "detached" : "taken_over", $"{robotEvent.By ?? "an operator"} ended it");
                socket.Close(SocketClose.TakenOver, $"{robotEvent.By ?? "an operator"} took the producer's place");
                break;
            case RobotEventKind.Stopped when open is { IsStopping: false } && IsJoined:
                SendStopped(new StopReason($"{robotEvent.Subject} was stopped", robotEvent.By ?? ApiSource));
                break;
            case RobotEventKind.Reset:
                open?.Release();
                break;
            case RobotEventKind.Configured:
                isConfigured = true;
                break;
        }
    }

    public void OnGone(string reason)
    {
        SendError("The room was removed", "room_unknown", reason);
        socket.Close(SocketClose.RobotUnknown, reason);
    }

    public bool TryWrite(IBufferWriter<byte> message)
    {
        changed.Clear();
        var commanded = open!.CommandedJoints;
        lock (updateLock)
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
        updates.JointUpdate(message, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(changed), source, ++sequence, services.OpenRooms.Now);
        return true;
    }

    private bool IsOwnLease(RobotEvent robotEvent) => IsJoined && Role == RoomRole.Producer && robotEvent.Subject == Name && robotEvent.By != Name;

    private void SendInitialState(RobotSnapshot snapshot)
    {
        var known = joints!;
        var now = known.Positions(snapshot);
        lock (updateLock)
        {
            sent = [.. Enumerable.Repeat(double.NaN, known.Count)];
            foreach (var joint in now)
                sent[known.Find(joint.Name)] = joint.Value;
        }

        source = snapshot.Master is { State: MasterState.Live } master ? master.Name : ApiSource;
        Send((writer, to, at) => writer.StateSync(to, now, at));
    }

    private void StartUpdates()
    {
        lock (updateLock)
            updatesStarted = Role == RoomRole.Consumer;
        SendNewest();
    }

    private async Task RunPeriodicAsync()
    {
        using var timer = new PeriodicTimer(services.Timing.CheckInterval, services.Clock.Time);
        while (await timer.WaitForNextTickAsync(ended.Token))
        {
            if (Role == RoomRole.Consumer)
                await UpdateLaggingAsync();
            else if (services.Clock.Monotonic() - Volatile.Read(ref lastMessageAt) < Microseconds.Of(services.Timing.SilenceLimit))
                await ApplyAsync(new RobotRequest.RenewLease(Name, epoch)); // Refused without a lease; the next update attaches again.
            if (isConfigured || open!.CommandedJoints != joints!.All)
                await RefreshAsync();
        }
    }

    // A silent producer's lease expires; its next update attaches it again, unless another master holds the robot.
    private async ValueTask<bool> ReacquireLeaseAsync()
    {
        var lost = epoch;
        using var held = await reacquireLock.EnterAsync(CancellationToken.None);
        return socket.Closing is null && (epoch != lost || await ReattachAsync());
    }

    private async ValueTask<bool> ReattachAsync()
    {
        var reply = await ApplyAsync(new RobotRequest.AttachRemote(Name, false));
        if (reply.Refused is { } refused)
        {
            SendError("No longer the producer", "lease_lost", refused.Text);
            socket.Close(SocketClose.TakenOver, "the lease was lost");
            return false;
        }

        epoch = reply.Robot!.Document.Epoch;
        return true;
    }

    private async Task UpdateLaggingAsync()
    {
        var slow = socket.IsLagging(services.Timing.LaggingAfter);
        if (slow == isLagging)
            return;
        isLagging = slow;
        await ApplyAsync(new RobotRequest.SlavePace(Name, slow));
    }

    private async Task RefreshAsync()
    {
        var isAnother = isConfigured;
        isConfigured = false;
        if (await services.Engine.GetAsync(robot, ended.Token) is not { } snapshot)
            return;
        if (isAnother)
            Configure(snapshot);
        open!.UpdateCommandedJoints(snapshot);
    }

    private void Configure(RobotSnapshot snapshot)
    {
        var known = new RoomJoints(snapshot.Document.Model, services.Options.RoomUnits);
        lock (updateLock)
        {
            joints = known;
            sent = [.. Enumerable.Repeat(double.NaN, known.Count)];
        }
    }

    [LoggerMessage(1400, LogLevel.Information, "{Name} joined room {Workspace}/{Room} as {Role}")]
    private partial void LogJoined(string name, RoomRole role, string workspace, string room);

    [LoggerMessage(1401, LogLevel.Information, "{Name} left room {Workspace}/{Room} as {Role}")]
    private partial void LogLeft(string name, RoomRole role, string workspace, string room);

    [LoggerMessage(1402, LogLevel.Information, "A participant was refused by room {Workspace}/{Room}: {Reason}")]
    private partial void LogRefused(string workspace, string room, string reason);
}

internal sealed record RoomServices(
    IRobotEngine Engine,
    RoomCatalog Catalog,
    OpenRooms OpenRooms,
    IAuditTrail Audit,
    SiloClock Clock,
    SiloOptions Options,
    SocketLimits Sockets,
    RoomTiming Timing,
    ILogger<RoomSession> Logger)
{
    public SocketLimits Limits { get; } = Sockets with { PingInterval = Timing.PingInterval, PongTimeout = Timing.PongTimeout };
}

internal sealed record RoomTiming
{
    /// <summary>For the first frame.</summary>
    public TimeSpan JoinTimeout { get; init; } = TimeSpan.FromSeconds(5);
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The lease of a producer that sent nothing for this long is no longer renewed and expires 2 s later. Until then one update may move
    /// the robot for as long as its speed takes.
    /// </summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>A consumer whose update has waited this long is lagging.</summary>
    public TimeSpan LaggingAfter { get; init; } = TimeSpan.FromMilliseconds(300);
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A participant that answers no ping for this long is disconnected. RobotHub's own server waits 10 s, so its clients may block their
    /// loop for seconds; a producer is found dead by its silence.
    /// </summary>
    public TimeSpan PongTimeout { get; init; } = TimeSpan.FromSeconds(20);
}
