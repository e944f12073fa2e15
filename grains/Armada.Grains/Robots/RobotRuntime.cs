using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Robots;

/// <summary>
/// Runs one robot in this process. A sample is routed on the thread that brings it if the robot is idle; if it is busy, the sample waits
/// in its device's slot. Everything else goes through the runtime's queue, stops first.
/// </summary>
/// <remarks>
/// Whoever brings <see cref="state"/> from idle to busy owns core, slots and sinks. An owner that finds it dirty when it leaves hands
/// the ownership, still busy, to the loop.
/// </remarks>
public sealed partial class RobotRuntime : IAsyncDisposable
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int Dirty = 2;

    private static readonly TimeSpan ReadWithin = TimeSpan.FromMilliseconds(250); // Then the last snapshot is the answer.

    private readonly RobotServices services;
    private readonly IRobotStorage storage;
    private readonly ILogger<RobotRuntime> logger;
    private readonly ConcurrentQueue<WorkItem> urgent = new();
    private readonly ConcurrentQueue<WorkItem> queued = new();
    private readonly ConcurrentQueue<TaskCompletionSource> readers = new();
    private readonly Dictionary<string, ConnectedSession> sessions = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim handedOver = new(0);
    private readonly SlaveCommands commands;
    private readonly RobotEventLog events;
    private readonly Task loop;
    private RobotCore core;
    private RobotDocument durable;
    private Decision due;
    private volatile RobotSnapshot published;
    private volatile SampleSlot[] slots = [];
    private ImmutableArray<SlaveBinding> targets = [];
    private int state = Busy;
    private int tickDue;
    private int closing;
    private long fleetRequests;
    private long stirredAt;
    private bool broken;
    private bool isFleetStopped;
    private bool sessionsChanged;
    private volatile bool isDriving;
    private volatile bool isStoring;
    private volatile bool closed;

    /// <summary>Starts a robot as it is stored; devices are told what they must know by the loop's first round.</summary>
    public RobotRuntime(RobotDocument document, bool isFleetStopped, IRobotStorage storage, RobotServices services)
    {
        (this.services, this.storage, this.isFleetStopped) = (services, storage, isFleetStopped);
        Id = document.Id;
        stirredAt = Now;
        logger = services.Logger;
        events = new RobotEventLog(Id, services.Clock, logger);
        durable = document;
        commands = new SlaveCommands(services.Clock, services.Telemetry);
        core = new RobotCore(document, isFleetStopped, services.Timing);
        due = core.Start();
        published = Snapshot();
        Rebind();
        using (ExecutionContext.SuppressFlow())
            loop = Task.Run(RunAsync); // It outlives the request that began it, and is no part of its trace.
        handedOver.Release();
    }

    /// <summary>Robot id.</summary>
    public string Id { get; }

    /// <summary>Whether the robot moves by itself, so that ticks are due more often; may be read from any thread.</summary>
    public bool IsDriving => isDriving;

    /// <summary>Whether a master's lease lives; may be read from any thread.</summary>
    public bool IsMasterLive { get; private set; }

    /// <summary>The device that is the robot's master, or null; may be read from any thread.</summary>
    public string? MasterDevice => Array.Find(slots, slot => slot.Role == DeviceRole.Master)?.Device;

    /// <summary>The monotonic clock, microseconds.</summary>
    internal long Now => services.Clock.Monotonic();

    /// <summary>Called once when the robot has ended here.</summary>
    public Action<RobotRuntime>? OnClosed { get; init; }

    /// <summary>
    /// Whether nothing has happened to the robot and its master has not moved for a time, so that it may run elsewhere; may be called from any
    /// thread. It is never at rest while a device has a stop to confirm.
    /// </summary>
    public bool IsAtRest(TimeSpan span)
    {
        var now = slots; // One exchange's slots.
        var master = Array.Find(now, slot => slot.Role == DeviceRole.Master);
        var stirred = Math.Max(Volatile.Read(ref stirredAt), IsMasterLive ? master?.MovedAt ?? long.MaxValue : 0);
        return !isDriving && stirred < Now - Microseconds.Of(span) && Array.TrueForAll(now, slot => services.Control.FindUnconfirmed(slot.Device) is null);
    }

    /// <summary>Takes a sample of one of the robot's devices, from any thread. Allocates nothing in steady state.</summary>
    /// <param name="slot">The device's.</param>
    /// <param name="stamp">The sample.</param>
    /// <param name="positions">Its positions.</param>
    /// <param name="now">When it came.</param>
    /// <param name="hasMore">Whether another one of the same message follows at once.</param>
    public void OnSample(SampleSlot slot, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now, bool hasMore = false)
    {
        if (Interlocked.CompareExchange(ref state, Busy, Idle) == Idle)
        {
            RouteInline(slot, stamp, positions, now, hasMore);
            return;
        }

        if (slot.Put(stamp, positions, now))
            services.Telemetry.Count(slot.Role, FrameResult.Superseded);
        Wake();
    }

    /// <summary>Lets time pass, from any thread.</summary>
    public void Tick()
    {
        Volatile.Write(ref tickDue, 1);
        if (Interlocked.CompareExchange(ref state, Busy, Idle) == Idle)
            TickInline();
        else
            Wake();
    }

    /// <summary>
    /// A device said that it is online or offline, and whether its own stop is latched. A follower that is stopped when it is first heard
    /// of stops the robot: the stop may be one that could not be stored before the silo was killed.
    /// </summary>
    public void SetPresence(string device, DeviceReport report) => Post(new WorkItem((core, now) =>
    {
        var decision = core.OnPresence(device, report.Online, report.Joints, now, report.HasSecondPath);
        if (decision.Refused is { } misfit)
            LogMisfit(Id, misfit.Text);
        if (!report.Online || Array.Find(slots, slot => slot.Device == device && slot.Role == DeviceRole.Slave) is not { HasReported: false } slot)
            return decision;
        slot.HasReported = true;
        if (!report.IsStopped || core.IsStopped)
            return decision;
        LogStoppedByFollower(Id, device);
        return new Decision(null, [.. decision.Effects, .. core.Apply(new RobotRequest.Stop(), now).Effects]);
    }));

    /// <summary>The robot now; where it is busy for long, as it was last. Has no effect on the robot.</summary>
    public async ValueTask<RobotSnapshot> ReadAsync(CancellationToken cancellation)
    {
        if (Interlocked.CompareExchange(ref state, Busy, Idle) == Idle)
        {
            PublishInline();
            return published;
        }

        var reader = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        readers.Enqueue(reader);
        Wake();
        if (!closed)
            await Task.WhenAny(reader.Task, Task.Delay(ReadWithin, cancellation));
        return published;
    }

    /// <summary>Asks something and waits for it and its effects; a stop goes ahead of everything that waits.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellation">Ends the wait, not the request.</param>
    public Task<RobotReply> AskAsync(RobotRequest request, CancellationToken cancellation) => request switch
    {
        RobotRequest.Stop => StopAsync(request, cancellation),
        RobotRequest.FleetStop fleet => SetFleetStopAsync(fleet, cancellation),
        RobotRequest.UnbindSlave unbind => UnbindAsync(unbind, cancellation),
        _ => AskAsync(Apply(request), ahead: false, cancellation),
    };

    /// <summary>Whether a binding would be refused as things stand.</summary>
    public Task<RobotReply> CheckAsync(RobotRequest request, CancellationToken cancellation) =>
        AskAsync(new WorkItem((core, _) => core.Check(request)), ahead: false, cancellation);

    /// <summary>Connects a session; refused where its name is taken.</summary>
    public Task<RobotReply> ConnectAsync(IRobotSession session, CancellationToken cancellation)
    {
        var connected = new ConnectedSession(session, Drop);
        return AskAsync(new WorkItem((_, _) => Connect(connected)), ahead: false, cancellation);
    }

    /// <summary>Disconnects a session; its lease ends, and as a slave it leaves. Nothing where it is not connected.</summary>
    public Task DisconnectAsync(IRobotSession session, string reason) => AskAsync(
        new WorkItem((_, now) => Disconnect(sessions.Values.FirstOrDefault(connected => connected.Session == session), reason, now)),
        ahead: false,
        CancellationToken.None);

    /// <summary>Ends the robot here after everything that is queued: its devices are no longer routed to it, and its sessions are disconnected.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref closing, 1) == 0)
        {
            Wake();
            await loop;
            handedOver.Dispose();
            OnClosed?.Invoke(this);
        }

        await loop;
    }

    /// <summary>Queues work and waits for it and its effects.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="ahead">Before everything queued: a stop.</param>
    /// <param name="cancellation">Ends the wait, not the work.</param>
    internal Task<RobotReply> AskAsync(WorkItem work, bool ahead, CancellationToken cancellation)
    {
        Post(work, ahead);
        return work.Done.Task.WaitAsync(cancellation);
    }

    private void Post(WorkItem work, bool ahead = false)
    {
        (ahead ? urgent : queued).Enqueue(work);
        Wake();
        if (closed)
            RefuseQueued();
    }

    private WorkItem Apply(RobotRequest request) => new(
        (core, now) => BeginsEpoch(request) && storage.Obstacle is { } obstacle
            ? Decision.Refuse(RefusalReason.NotStored, $"nothing was changed: {obstacle}")
            : core.Apply(request, now),
        MayMove: true);

    // These begin an epoch even while a master is live, and a write that fails would end that master's lease.
    private static bool BeginsEpoch(RobotRequest request) => request is
        RobotRequest.BindMaster or RobotRequest.UnbindMaster or RobotRequest.BindSlave or RobotRequest.UnbindSlave or RobotRequest.Configure
        or RobotRequest.AttachRemote { Takeover: true } or RobotRequest.Play { Takeover: true };

    private Task<RobotReply> StopAsync(RobotRequest stop, CancellationToken cancellation)
    {
        var stopped = AskAsync(Apply(stop), ahead: true, cancellation);
        StopDevicesNow();
        return stopped;
    }

    // The latest request stands: a release that a stop overtook on its way here does nothing.
    private Task<RobotReply> SetFleetStopAsync(RobotRequest.FleetStop fleet, CancellationToken cancellation)
    {
        var number = Interlocked.Increment(ref fleetRequests);
        var work = new WorkItem(
            (core, now) =>
            {
                if (number != Volatile.Read(ref fleetRequests))
                    return Decision.Nothing;
                isFleetStopped = fleet.Stopped;
                return core.Apply(fleet, now);
            },
            MayMove: true);
        var answer = AskAsync(work, ahead: fleet.Stopped, cancellation);
        if (fleet.Stopped)
            StopDevicesNow();
        return answer;
    }

    // The work under way may be waiting for storage; the devices must not.
    private void StopDevicesNow()
    {
        if (!isStoring)
            return;
        foreach (var slot in slots)
        {
            if (slot.Role == DeviceRole.Slave)
                services.Control.Stop(slot.Device);
        }
    }

    private async Task<RobotReply> UnbindAsync(RobotRequest.UnbindSlave unbind, CancellationToken cancellation)
    {
        var reply = await AskAsync(Apply(unbind), ahead: false, cancellation);
        if (reply.Refused is null)
        {
            Post(new WorkItem((_, _) =>
            {
                if (Remove(unbind.Name) is { } session)
                    session.End($"{unbind.Name} was unbound from {Id}");
                return Decision.Nothing;
            }));
        }

        return reply;
    }

    // From here on everything runs as the owner, on one thread at a time.
    private void RouteInline(SampleSlot slot, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now, bool hasMore)
    {
        try
        {
            (commands.Received, commands.HasMore) = (now, hasMore);
            var decision = Route(slot, stamp, positions, now);
            commands.HasMore = false;
            Leave(decision);
        }
        catch
        {
            LeaveBroken();
            throw;
        }
    }

    private void TickInline()
    {
        try
        {
            Leave(RunTick());
        }
        catch
        {
            LeaveBroken();
            throw;
        }
    }

    private void PublishInline()
    {
        try
        {
            Publish();
            Leave(Decision.Nothing);
        }
        catch
        {
            LeaveBroken();
            throw;
        }
    }

    private void LeaveBroken()
    {
        broken = true;
        Leave(Decision.Nothing);
    }

    private void Leave(Decision decision)
    {
        if (!broken && ReferenceEquals(decision, Decision.Nothing) && Interlocked.CompareExchange(ref state, Idle, Busy) == Busy)
            return;
        due = decision;
        handedOver.Release();
    }

    private void Wake()
    {
        Interlocked.MemoryBarrier(); // What was left for the owner is visible before the state is read.
        while (true)
        {
            switch (Volatile.Read(ref state))
            {
                case Idle when Interlocked.CompareExchange(ref state, Busy, Idle) == Idle:
                    due = Decision.Nothing;
                    handedOver.Release();
                    return;
                case Busy when Interlocked.CompareExchange(ref state, Dirty, Busy) == Busy:
                case Dirty:
                    return;
            }
        }
    }

    private async Task RunAsync()
    {
        while (!closed)
        {
            await handedOver.WaitAsync();
            do
            {
                Interlocked.Exchange(ref state, Busy); // A full fence: what came before a Dirty that this clears is seen below.
                await RunQueuedAsync();
            }
            while (!closed && Interlocked.CompareExchange(ref state, Idle, Busy) != Busy);
        }

        RefuseQueued();
    }

    private async Task RunQueuedAsync()
    {
        try
        {
            if (broken)
                Rebuild();
            var decision = due;
            due = Decision.Nothing;
            await RunEffectsAsync(decision);
            while (await RunNextAsync())
            {
            }
        }
        catch (Exception fault)
        {
            LogFault(fault, Id);
            services.Telemetry.CountFault();
            broken = true; // The next sample or tick rebuilds the robot from what is stored.
            ReleaseReaders();
        }
    }

    private async ValueTask<bool> RunNextAsync()
    {
        if (urgent.TryDequeue(out var next) || queued.TryDequeue(out next))
            await RunAsync(next);
        else if (!readers.IsEmpty)
            Publish();
        else if (Volatile.Read(ref tickDue) == 1)
            await RunEffectsAsync(RunTick());
        else if (TryRouteWaiting(out var decision))
            await RunEffectsAsync(decision);
        else if (Volatile.Read(ref closing) == 1)
            return Close();
        else
            return false;
        return true;
    }

    private async ValueTask RunAsync(WorkItem work)
    {
        Activity.Current = work.Trace; // Until it returns.
        try
        {
            var decision = work.Decide(core, services.Clock.Now());
            Rebind();
            var failed = await RunEffectsAsync(decision);
            Publish();
            work.Done.TrySetResult(new RobotReply(decision.Refused ?? failed, published));
            if (work.MayMove && core.IsDriving)
                await RunEffectsAsync(RunTick()); // A command is sent at once, not at the next tick.
        }
        catch (Exception fault)
        {
            work.Done.TrySetException(fault);
            throw;
        }
    }

    private Decision RunTick()
    {
        Volatile.Write(ref tickDue, 0);
        if (broken)
            return Decision.Nothing;
        commands.Received = services.Clock.Now();
        var decision = core.Tick(commands.Received, commands);
        isDriving = core.IsDriving;
        commands.Tick(commands.Received, IsMasterLive && !core.IsStopped);
        return decision;
    }

    private bool TryRouteWaiting(out Decision decision)
    {
        Span<double> positions = stackalloc double[FrameCodec.MaxJoints];
        decision = Decision.Nothing;
        var routed = false;
        foreach (var slot in slots)
        {
            if (!slot.TryTake(positions, out var stamp, out var joints, out var received))
                continue;
            routed = true;
            commands.Received = received;
            decision = Route(slot, stamp, positions[..joints], services.Clock.Now()); // Its time in the slot is part of its age.
            if (!ReferenceEquals(decision, Decision.Nothing))
                break;
        }

        return routed;
    }

    private Decision Route(SampleSlot slot, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now)
    {
        var decision = Decision.Nothing;
        FrameResult result;
        if (broken)
            result = FrameResult.AwaitingEpoch;
        else if (!slot.Bound)
            result = FrameResult.NotBound;
        else if (slot.Role == DeviceRole.Slave)
            result = core.OnSlaveFrame(slot.Slave, stamp, positions, now, out decision);
        else
            result = core.OnMasterFrame(stamp, positions, now, commands, out decision);
        services.Telemetry.Count(slot.Role, result);
        return decision;
    }

    private async ValueTask<Refusal?> RunEffectsAsync(Decision decision)
    {
        foreach (var effect in decision.Effects)
        {
            if (effect is not Effect.Persist persist)
                Do(effect);
            else if (await StoreAsync(persist.Document) is { } refused)
                return refused;
        }

        return null;
    }

    private async ValueTask<Refusal?> StoreAsync(RobotDocument document)
    {
        if (await SaveAsync(document) is not { } failure)
        {
            durable = document;
            return null;
        }

        var back = core.OnPersistFailed(durable, services.Clock.Now());
        Rebind();
        IsMasterLive = false; // A bound master attaches again.
        foreach (var effect in back.Effects.Where(effect => effect is not Effect.Persist))
            Do(effect);
        var text = core.Document.Stopped && !durable.Stopped
            ? $"the stop of {Id} is in force, but a restart of the silo would forget it: {failure}"
            : $"nothing was changed: {failure}";
        return new Refusal(RefusalReason.NotStored, text);
    }

    private async ValueTask<string?> SaveAsync(RobotDocument document)
    {
        isStoring = true;
        Interlocked.MemoryBarrier(); // Stops asked for from now on see it; those asked for before are seen here.
        if (!urgent.IsEmpty)
            StopDevicesNow();
        try
        {
            return await storage.SaveAsync(document);
        }
        finally
        {
            isStoring = false;
        }
    }

    private void Do(Effect effect)
    {
        switch (effect)
        {
            case Effect.StartStream start:
                services.Control.StartStream(start.Device, start.Epoch, start.RateHz);
                break;
            case Effect.StopStream stop:
                services.Control.StopStream(stop.Device, stop.Epoch);
                break;
            case Effect.StopDevice stop:
                services.Control.Stop(stop.Device);
                break;
            case Effect.ResetDevice reset:
                services.Control.Reset(reset.Device);
                break;
            case RobotEvent note:
                Do(note);
                break;
            default:
                throw new InvalidOperationException($"no way to do {effect.GetType().Name}");
        }
    }

    private void Do(RobotEvent note)
    {
        Volatile.Write(ref stirredAt, Now);
        IsMasterLive = note.Kind switch
        {
            RobotEventKind.MasterLive => true,
            RobotEventKind.MasterLost or RobotEventKind.MasterUnbound or RobotEventKind.MasterReplaced or RobotEventKind.MotionEnded => false,
            _ => IsMasterLive,
        };
        events.Write(note);
        services.Telemetry.Count(note.Kind);
        foreach (var session in sessions.Values)
            session.Notify(note);
        services.Audit.Record(Id, note);
    }

    private void Rebind()
    {
        var changed = sessionsChanged || targets != core.Targets;
        (targets, sessionsChanged) = (core.Targets, false);
        RouteDevices(changed);
        foreach (var slot in slots)
            slot.Model = core.Document.Model;
        if (!changed)
            return;
        commands.Sinks = [.. targets.Select(slave => SinkFor(slave))];
        services.Remotes?.Reconcile(Id, [.. targets.Where(slave => slave.Kind == SlaveKind.Remote)]);
    }

    private ISlaveSink SinkFor(SlaveBinding slave) =>
        services.Sinks.Find(slave, core.Document.Model) ?? (ISlaveSink?)sessions.GetValueOrDefault(slave.Name) ?? NullSink.Instance;

    private void RouteDevices(bool changed)
    {
        var bindings = targets.Where(slave => slave.IsDevice).Select(slave => (slave.Name, Role: DeviceRole.Slave));
        if (core.Document.Master is { Kind: MasterKind.Device } master)
            bindings = bindings.Prepend((master.Name, DeviceRole.Master));
        var wanted = bindings.ToArray();
        if (!wanted.SequenceEqual(slots.Select(slot => (slot.Device, slot.Role))))
        {
            var next = wanted.Select(SlotFor).ToArray();
            foreach (var gone in slots.Except(next))
                gone.Bound = false;
            services.Routes.Exchange(slots, next);
            var added = next.Except(slots).ToArray();
            slots = next;
            foreach (var slot in added)
            {
                if (services.Control.FindReport(slot.Device) is { } report)
                    SetPresence(slot.Device, report);
            }
        }
        else if (!changed)
        {
            return;
        }

        foreach (var slot in slots)
            slot.Slave = core.FindSlave(slot.Device);
    }

    private SampleSlot SlotFor((string Device, DeviceRole Role) binding) =>
        Array.Find(slots, slot => slot.Device == binding.Device && slot.Role == binding.Role)
        ?? new SampleSlot(binding.Device, binding.Role, this, core.Document.Model);

    private Decision Connect(ConnectedSession session)
    {
        if (!sessions.TryAdd(session.Name, session))
            return Decision.Refuse(RefusalReason.NameTaken, $"{session.Name} is connected to {Id} already; choose another name");
        sessionsChanged = true;
        return Decision.Nothing;
    }

    private Decision Disconnect(ConnectedSession? session, string reason, in Timestamp now)
    {
        if (session is null || sessions.GetValueOrDefault(session.Name) != session)
            return Decision.Nothing;
        Remove(session.Name);
        var detached = core.Apply(new RobotRequest.DetachRemote(session.Name), now);
        var left = core.Apply(new RobotRequest.LeaveSlave(session.Name, reason), now);
        return new Decision(null, [.. detached.Effects, .. left.Effects]);
    }

    // A session that throws is disconnected as if its connection were lost, and the robot goes on.
    private void Drop(ConnectedSession session, Exception fault)
    {
        LogSessionFault(fault, Id, session.Name);
        services.Telemetry.CountFault();
        Post(new WorkItem((_, now) =>
        {
            var decision = Disconnect(session, "failed", now);
            session.End($"{session.Name} failed and was disconnected from {Id}");
            return decision;
        }));
    }

    private ConnectedSession? Remove(string name)
    {
        sessionsChanged |= sessions.Remove(name, out var session);
        return session;
    }

    private RobotSnapshot Snapshot()
    {
        var now = services.Clock.Now();
        var snapshot = core.Snapshot(now);
        foreach (var slot in slots)
        {
            if (slot.Role == DeviceRole.Master && snapshot.Master is { } master && master.Name == slot.Device)
                snapshot = snapshot with { Master = master with { Frames = WithSuperseded(master.Frames, slot), Reported = services.Control.FindReport(slot.Device) } };
            else if (slot.Role == DeviceRole.Slave && slot.Slave >= 0 && slot.Slave < snapshot.Slaves.Length)
                snapshot = snapshot with { Slaves = snapshot.Slaves.SetItem(slot.Slave, Complete(snapshot.Slaves[slot.Slave], slot, now)) };
        }

        return snapshot;
    }

    private SlaveSnapshot Complete(SlaveSnapshot slave, SampleSlot slot, in Timestamp now) => slave with
    {
        Frames = WithSuperseded(slave.Frames, slot),
        LagMs = slot.Lag.Read(now),
        Unconfirmed = services.Control.FindUnconfirmed(slot.Device),
        Reported = services.Control.FindReport(slot.Device),
    };

    private static FrameCounts WithSuperseded(FrameCounts frames, SampleSlot slot) => frames with
    {
        ByResult = frames.ByResult.SetItem((int)FrameResult.Superseded, frames[FrameResult.Superseded] + slot.Superseded),
    };

    private void Publish()
    {
        if (!broken)
            published = Snapshot();
        ReleaseReaders();
    }

    private void ReleaseReaders()
    {
        while (readers.TryDequeue(out var reader))
            reader.TrySetResult();
    }

    private void Rebuild()
    {
        broken = false;
        IsMasterLive = false;
        core = core.Rebuild(durable, isFleetStopped, services.Clock.Now());
        due = core.Start();
        Rebind();
    }

    private bool Close()
    {
        services.Routes.Exchange(slots, []);
        foreach (var slot in slots)
            services.Control.Forget(slot.Device);
        services.Remotes?.Reconcile(Id, []);
        foreach (var session in sessions.Values)
            session.End($"robot {Id} is gone");
        sessions.Clear();
        closed = true;
        return false;
    }

    private void RefuseQueued()
    {
        ReleaseReaders();
        while (urgent.TryDequeue(out var late) || queued.TryDequeue(out late))
            late.Done.TrySetResult(new RobotReply(new Refusal(RefusalReason.UnknownRobot, $"robot {Id} is gone"), null));
    }

    [LoggerMessage(1154, LogLevel.Warning, "{Robot}: {Device} says that its stop is latched; the robot is stopped until a reset")]
    private partial void LogStoppedByFollower(string robot, string device);

    [LoggerMessage(1155, LogLevel.Warning, "{Robot}: {Problem}; its frames are dropped")]
    private partial void LogMisfit(string robot, string problem);

    [LoggerMessage(1152, LogLevel.Error, "{Robot}: a request or a tick failed; the robot is rebuilt from what is stored")]
    private partial void LogFault(Exception fault, string robot);

    [LoggerMessage(1153, LogLevel.Error, "{Robot}: session {Session} threw an exception and is disconnected")]
    private partial void LogSessionFault(Exception fault, string robot, string session);

    /// <summary>Sends a robot's commands to its slaves, as the owner.</summary>
    private sealed class SlaveCommands(SiloClock clock, IRobotTelemetry telemetry) : ICommandSink
    {
        public ISlaveSink[] Sinks { get; set; } = [];

        /// <summary>When the sample came that is being routed.</summary>
        public Timestamp Received { get; set; }

        /// <summary>Whether another one of its message follows.</summary>
        public bool HasMore { get; set; }

        public void Tick(in Timestamp now, bool isLed)
        {
            foreach (var sink in Sinks)
                sink.Tick(now, isLed);
        }

        public void Command(int slave, in SampleStamp stamp, ReadOnlySpan<double> positions)
        {
            Sinks[slave].Send(stamp, positions, HasMore);
            telemetry.CountCommand();
            if (telemetry.MeasuresRouteTime)
                telemetry.RecordRouteTime((clock.Monotonic() - Received.Monotonic) / (double)Microseconds.PerSecond);
        }
    }

    /// <summary>Of a slave whose session is not connected; the core does not command it.</summary>
    private sealed class NullSink : ISlaveSink
    {
        public static NullSink Instance { get; } = new();

        public void Send(in SampleStamp stamp, ReadOnlySpan<double> positions, bool hasMore)
        {
        }
    }
}

/// <summary>Something asked of a robot that is no sample.</summary>
/// <param name="Decide">What the core does; the result's effects follow.</param>
/// <param name="MayMove">Whether a robot that moves by itself after it is ticked at once.</param>
internal sealed record WorkItem(Func<RobotCore, Timestamp, Decision> Decide, bool MayMove = false)
{
    /// <summary>Of who asks.</summary>
    public Activity? Trace { get; } = Activity.Current;

    /// <summary>Done when the effects are.</summary>
    public TaskCompletionSource<RobotReply> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
