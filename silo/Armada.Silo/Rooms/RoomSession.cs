using System.Buffers;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Rooms;
using Armada.Core.Routing;
using Armada.Mqtt;
using Armada.Silo.Access;
using Armada.Silo.Engine;
using Armada.Silo.Options;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>One participant of a room: a producer is the robot's remote master, a consumer one of its guest slaves.</summary>
internal sealed partial class RoomSession : IRobotSession, ISampleSource, IDisposable
{
    private const int NamesTold = 5;

    private const string SourceOfOthers = "api";

    private const long LaggingAfter = 300_000; // µs

    private static readonly TimeSpan JoinWithin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BeatEvery = TimeSpan.FromMilliseconds(500);

    private readonly RoomName room;
    private readonly Caller caller;
    private readonly RoomParts parts;
    private readonly ILogger logger;
    private readonly JsonSocket socket;
    private readonly CancellationTokenSource ended = new();
    private readonly Lock sync = new();
    private readonly RoomWriter words = new();
    private readonly ArrayBufferWriter<byte> wording = new();
    private int stage = (int)Stage.Waiting;
    private RoomJoin? join;
    private OpenRoom? open;
    private string robot = "";
    private bool gone;
    private Task beats = Task.CompletedTask;

    private bool entered;

    private readonly MessageRate rate;
    private readonly OncePerSecond errors;
    private volatile uint epoch;

    private readonly RoomWriter updates = new();
    private readonly Lock newest = new();
    private readonly List<RoomJoint> changed = [];
    private volatile RoomJoints? joints;
    private volatile string source = SourceOfOthers;
    private volatile bool configured;
    private double[] positions = [];
    private double[] sent = [];
    private bool released;
    private long sequence;

    private readonly SemaphoreSlim regaining = new(1);
    private bool lagging;

    /// <summary>Around an accepted WebSocket.</summary>
    public RoomSession(RoomName room, WebSocket raw, Caller caller, RoomParts parts)
    {
        (this.room, this.caller, this.parts, logger) = (room, caller, parts, parts.Logger);
        socket = new JsonSocket(raw, this, parts.Sockets, parts.Clock);
        rate = new MessageRate(parts.Sockets.MessagesPerSecond, parts.Sockets.Burst);
        errors = new(parts.Clock.Time);
    }

    private enum Stage
    {
        /// <summary>For the first frame.</summary>
        Waiting,

        /// <summary>The first frame is being answered.</summary>
        Joining,

        /// <summary>In the room.</summary>
        Joined,

        /// <summary>Not let in.</summary>
        Refused,
    }

    /// <inheritdoc/>
    public string Name { get; private set; } = "";

    /// <summary>What it does in the room; a consumer until it has said.</summary>
    public RoomRole Role => join?.Role ?? RoomRole.Consumer;

    private bool IsJoined => Volatile.Read(ref stage) == (int)Stage.Joined;

    /// <summary>Closes the connection with a reason; its session ends.</summary>
    public void Close(int code, string reason) => socket.Close(code, reason);

    /// <summary>Serves the participant until it or the silo ends the connection.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(JoinWithin, parts.Clock.Time);
        await using var refuse = late.Token.Register(RefuseLate);
        try
        {
            await socket.RunAsync(ReceiveAsync, cancellation);
        }
        finally
        {
            await ended.CancelAsync();
            try
            {
                await beats;
            }
            finally
            {
                await DisconnectAsync();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (sync)
        {
            gone = true;
            words.Dispose();
        }

        ended.Dispose();
        updates.Dispose();
        regaining.Dispose();
    }

    private ValueTask ReceiveAsync(ReadOnlyMemory<byte> message)
    {
        if (Interlocked.CompareExchange(ref stage, (int)Stage.Joining, (int)Stage.Waiting) == (int)Stage.Waiting)
            return JoinAsync(message);
        return IsJoined ? TakeAsync(message) : ValueTask.CompletedTask;
    }

    private ValueTask<RobotReply> ApplyAsync(RobotRequest request) => parts.Engine.ApplyAsync(robot, request, CancellationToken.None);

    private void Say(Action<RoomWriter, IBufferWriter<byte>, DateTimeOffset> write)
    {
        lock (sync)
        {
            if (gone)
                return; // Others in the room may tell it of themselves while it goes.
            wording.ResetWrittenCount();
            write(words, wording, parts.Board.Now);
            socket.Send(wording.WrittenSpan);
        }
    }

    private void SayError(string message, string code, string? reason) =>
        Say((writer, to, now) => writer.Error(to, message, code, reason, now));

    // What a client may cause a hundred times a second it is told once a second.
    private void Complain(string message, string code, string? reason)
    {
        if (errors.Count(out _))
            SayError(message, code, reason);
    }

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

        var reply = await parts.Engine.ConnectAsync(id, this, CancellationToken.None);
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

    private async Task DisconnectAsync()
    {
        if (entered)
            await parts.Engine.DisconnectAsync(robot, this, "left the room");
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
        : $"{id[..Math.Min(id.Length, SlaveRules.MaxNameLength / 2)].Trim()}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 8))}";

    private static string CodeOf(RefusalReason reason) =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());

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

    /// <inheritdoc/>
    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        lock (newest)
        {
            if (this.positions.Length != positions.Length)
                this.positions = new double[positions.Length];
            positions.CopyTo(this.positions);
        }

        SendNewest();
    }

    /// <summary>Sends what is newest, if that is news to the participant.</summary>
    public void SendNewest()
    {
        lock (newest)
        {
            if (!released)
                return;
        }

        socket.SampleIsDue();
    }

    /// <inheritdoc/>
    public void OnEvent(RobotEvent note)
    {
        switch (note.Kind)
        {
            case RobotEventKind.MasterLive:
                source = note.Subject;
                break;
            case RobotEventKind.ManualBegan:
                source = SourceOfOthers;
                break;
            case RobotEventKind.MasterReplaced or RobotEventKind.MasterUnbound when IsMyLease(note):
                SayError("No longer the producer", note.By is null ? "detached" : "taken_over", $"{note.By ?? "an operator"} ended it");
                socket.Close(SocketClose.TakenOver, $"{note.By ?? "an operator"} took the producer's place");
                break;
            case RobotEventKind.Stopped when open is { IsStopping: false } && IsJoined:
                SayStopped(new StopWords($"{note.Subject} was stopped", note.By ?? SourceOfOthers));
                break;
            case RobotEventKind.Reset:
                open?.Release();
                break;
            case RobotEventKind.Configured:
                configured = true;
                break;
        }
    }

    /// <inheritdoc/>
    public void OnGone(string reason)
    {
        SayError("The room is gone", "room_unknown", reason);
        socket.Close(SocketClose.RobotUnknown, reason);
    }

    /// <inheritdoc/>
    public bool TryWrite(IBufferWriter<byte> message)
    {
        changed.Clear();
        var commanded = open!.Commanded;
        lock (newest)
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
        updates.JointUpdate(message, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(changed), source, ++sequence, parts.Board.Now);
        return true;
    }

    private bool IsMyLease(RobotEvent note) => IsJoined && Role == RoomRole.Producer && note.Subject == Name && note.By != Name;

    private void BeginUpdates(RobotSnapshot snapshot)
    {
        var known = joints!;
        var now = known.Positions(snapshot);
        lock (newest)
        {
            sent = [.. Enumerable.Repeat(double.NaN, known.Count)];
            foreach (var joint in now)
                sent[known.Find(joint.Name)] = joint.Value;
        }

        source = snapshot.Master is { State: MasterState.Live } master ? master.Name : SourceOfOthers;
        Say((writer, to, at) => writer.StateSync(to, now, at));
    }

    private void ReleaseUpdates()
    {
        lock (newest)
            released = Role == RoomRole.Consumer;
        SendNewest();
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(BeatEvery, parts.Clock.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                if (Role == RoomRole.Producer)
                    await RenewAsync();
                else
                    await PaceAsync();
                if (configured || open!.Commanded != joints!.All)
                    await LookAsync();
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            LogEnded(Name);
        }
        catch
        {
            socket.Close(SocketClose.Fault, "the silo failed; its log says why");
            throw;
        }
    }

    private async Task RenewAsync()
    {
        var reply = await ApplyAsync(new RobotRequest.RenewLease(Name, epoch));
        if (reply.Refused?.Reason == RefusalReason.NotMaster)
            await RegainAsync();
    }

    // A lease that ran out, because the silo stood still for a while, is asked for again; one that was taken is not.
    private async ValueTask<bool> RegainAsync()
    {
        var lost = epoch;
        await regaining.WaitAsync();
        try
        {
            return socket.Closing is null && (epoch != lost || await AttachAgainAsync());
        }
        finally
        {
            regaining.Release();
        }
    }

    private async ValueTask<bool> AttachAgainAsync()
    {
        var reply = await ApplyAsync(new RobotRequest.AttachRemote(Name, false));
        if (reply.Refused is { } refused)
        {
            SayError("No longer the producer", "lease_lost", refused.Text);
            socket.Close(SocketClose.TakenOver, "the lease was lost");
            return false;
        }

        epoch = reply.Robot!.Document.Epoch;
        RecordBound(takeover: false);
        return true;
    }

    private async Task PaceAsync()
    {
        var slow = socket.SampleWaitingSince is { } since && parts.Clock.Now().Monotonic - since.Monotonic > LaggingAfter;
        if (slow == lagging)
            return;
        lagging = slow;
        await ApplyAsync(new RobotRequest.SlavePace(Name, slow));
    }

    private async Task LookAsync()
    {
        var isAnother = configured;
        configured = false;
        if (await parts.Engine.GetAsync(robot, ended.Token) is not { } snapshot)
            return;
        if (isAnother)
            Configure(snapshot);
        open!.Learn(snapshot);
    }

    private void Configure(RobotSnapshot snapshot)
    {
        var known = new RoomJoints(snapshot.Document.Model, parts.Options.RoomUnits);
        lock (newest)
        {
            joints = known;
            sent = [.. Enumerable.Repeat(double.NaN, known.Count)];
        }
    }

    [LoggerMessage(1400, LogLevel.Information, "{Name} joined room {Workspace}/{Room} as {Role}")]
    private partial void LogJoined(string name, RoomRole role, string workspace, string room);

    [LoggerMessage(1401, LogLevel.Information, "{Name} left room {Workspace}/{Room}, where it was {Role}")]
    private partial void LogLeft(string name, RoomRole role, string workspace, string room);

    [LoggerMessage(1402, LogLevel.Information, "Nobody was let into room {Workspace}/{Room}: {Reason}")]
    private partial void LogRefused(string workspace, string room, string reason);

    [LoggerMessage(1403, LogLevel.Debug, "{Name}: its beats ended")]
    private partial void LogEnded(string name);
}

/// <summary>What every participant's session shares.</summary>
internal sealed record RoomParts(
    IRobotEngine Engine,
    RoomCatalog Catalog,
    RoomBoard Board,
    IAuditTrail Audit,
    SiloClock Clock,
    SiloOptions Options,
    SocketLimits Sockets,
    ILogger<RoomSession> Logger);
