using System.Collections.Immutable;
using Armada.Core.Motions;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>
/// One robot: who may command it, what its slaves are told. State, input and time in; effects and commands out.
/// </summary>
/// <remarks>
/// Not thread-safe: its host runs one turn at a time, and does a turn's effects in order before the next turn. Where a
/// <see cref="Effect.Persist"/> fails, the host leaves out the effects after it and calls <see cref="OnPersistFailed"/>.
/// </remarks>
public sealed class RobotCore
{
    private readonly RobotTiming timing;
    private readonly List<Effect> turn = [];
    private readonly SlaveSet slaves;
    private MasterLease? lease;
    private VirtualRobot robot;
    private bool fleetStopped;
    private Timestamp? unstoredStop;
    private Timestamp? manualSince; // The last time at which the panel's goals were not reached yet.
    private uint manualEpoch;
    private (string Name, long Version)? displaced; // The live master that was unbound or replaced with that version of the document.

    /// <summary>A robot as it was stored; the host calls <see cref="Start"/> next.</summary>
    /// <param name="document">What survived.</param>
    /// <param name="fleetStopped">Whether the fleet's stop is latched.</param>
    /// <param name="timing">Deadlines and speeds.</param>
    /// <exception cref="ArgumentException">The document's model breaks <see cref="RobotModelRules"/>.</exception>
    public RobotCore(RobotDocument document, bool fleetStopped, RobotTiming timing)
    {
        if (RobotModelRules.FindProblem(document.Model) is { } problem)
            throw new ArgumentException($"robot {document.Id}: {problem}", nameof(document));
        this.timing = timing;
        this.fleetStopped = fleetStopped;
        slaves = new SlaveSet(timing);
        Document = WithoutProgram(document.Slaves.IsDefault ? document with { Slaves = [] } : document);
        robot = new VirtualRobot(Document.Model, timing, null);
        Restore(default);
    }

    /// <summary>What must survive a restart, as of the last turn.</summary>
    public RobotDocument Document { get; private set; }

    /// <summary>The slaves by the index that commands are given with: the bound ones, then the guests.</summary>
    public ImmutableArray<SlaveBinding> Targets => slaves.Bindings;

    /// <summary>Whether a stop is latched, the robot's own or the fleet's.</summary>
    public bool IsStopped => fleetStopped || Document.Stopped;

    /// <summary>Whether the robot moves by itself, so that <see cref="Tick"/> is due every 10 ms.</summary>
    public bool IsDriving => robot.IsDriven && !IsStopped;

    /// <summary>After a load: sends a latched stop to the slaves again.</summary>
    public Decision Start()
    {
        if (IsStopped)
            StopSlaves();
        return EndTurn();
    }

    /// <summary>
    /// Lets time pass: leases run out, slaves lag and fail, what moves by itself goes on. To be called every 50 ms, and every 10 ms
    /// while <see cref="IsDriving"/>.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="sink">Takes the command of each slave, before this returns.</param>
    public Decision Tick(in Timestamp now, ICommandSink sink)
    {
        ExpireLease(now);
        foreach (var slave in slaves)
        {
            if (slave.Tick(now))
                Emit(new RobotEvent(slave.State == SlaveState.Failed ? RobotEventKind.SlaveFailed : RobotEventKind.SlaveLagging, slave.Name));
        }

        if (unstoredStop is { } tried && now.IsPast(tried, timing.StreamRetry))
        {
            unstoredStop = null;
            Change(Document);
        }

        Drive(now, sink);
        return EndTurn();
    }

    /// <summary>A device's presence. Told again of what it knows already, the core does nothing.</summary>
    /// <param name="device">Device name; one that is not bound here is ignored.</param>
    /// <param name="online">False with the last will.</param>
    /// <param name="now">When it came.</param>
    public Decision OnPresence(string device, bool online, in Timestamp now)
    {
        if (lease is { IsDevice: true } master && master.Name == device && master.IsOnline != online)
        {
            master.IsOnline = online;
            if (!online && master.IsAnnounced)
                LoseLease(master);
            else if (online && master.IsAnnounced && !master.IsLive)
                SendEpoch(master, now);
        }

        if (FindSlave(device) is var index and >= 0 && slaves[index].IsFenced && slaves[index].IsOnline != online)
            OnSlavePresence(slaves[index], online, now);
        return EndTurn();
    }

    /// <summary>Index of a slave by its name, or -1. Unbinding and leaving move the indices after it.</summary>
    public int FindSlave(string name) => slaves.Find(name);

    private void OnSlavePresence(SlaveTrack slave, bool online, in Timestamp now)
    {
        slave.IsOnline = online;
        if (!online)
        {
            FailSlave(slave, "offline");
            return;
        }

        if (IsStopped)
            Emit(new Effect.StopDevice(slave.Name));
        if (IsEpochInUse)
            SendEpoch(slave, now);
    }

    private void ExpireLease(in Timestamp now)
    {
        if (lease is { } master && master.IsExpired(now))
            LoseLease(master);
    }

    private void LoseLease(MasterLease master)
    {
        if (!master.IsDevice)
        {
            EndProgram(master, RobotEventKind.MasterLost);
            return;
        }

        master.Lose();
        ReleaseStreams();
        Emit(new RobotEvent(RobotEventKind.MasterLost, master.Name));
    }

    private void FailSlave(SlaveTrack slave, string reason)
    {
        if (slave.Fail(reason))
            Emit(new RobotEvent(RobotEventKind.SlaveFailed, slave.Name));
    }

    /// <summary>Every slave holds its pose, and devices expect no more commands of this epoch.</summary>
    private void ReleaseStreams()
    {
        foreach (var slave in slaves)
        {
            slave.Hold();
            if (slave.IsFenced)
                Emit(new Effect.StopStream(slave.Name, Document.Epoch));
        }
    }

    private void StopSlaves()
    {
        foreach (var slave in slaves)
        {
            slave.Hold();
            if (slave.IsFenced)
                Emit(new Effect.StopDevice(slave.Name));
        }
    }

    private void Change(RobotDocument document)
    {
        Document = document with { Version = Document.Version + 1 };
        Emit(new Effect.Persist(Document));
    }

    private void Emit(Effect effect) => turn.Add(effect);

    private Decision EndTurn()
    {
        if (turn.Count == 0)
            return Decision.Nothing;
        var decision = new Decision(null, turn.ToImmutableArray());
        turn.Clear();
        return decision;
    }

    /// <summary>Does what is asked, or says why not. Asked again for what is so already, it succeeds again.</summary>
    public Decision Apply(RobotRequest request, in Timestamp now)
    {
        ExpireLease(now);
        var refused = request switch
        {
            RobotRequest.BindMaster bind => BindMaster(bind, now),
            RobotRequest.AttachRemote attach => AttachRemote(attach, now),
            RobotRequest.DetachRemote detach => DetachRemote(detach),
            RobotRequest.RenewLease beat => RenewLease(beat, now),
            RobotRequest.RemoteCommand command => RemoteCommand(command, now),
            RobotRequest.Play play => Play(play, now),
            RobotRequest.ControlPlayback playback => ControlPlayback(playback),
            RobotRequest.Manual manual => Manual(manual, now),
            RobotRequest.UnbindMaster => UnbindMaster(),
            RobotRequest.BindSlave bind => BindSlave(bind, now),
            RobotRequest.UnbindSlave unbind => UnbindSlave(unbind),
            RobotRequest.JoinSlave join => JoinSlave(join, now),
            RobotRequest.LeaveSlave leave => LeaveSlave(leave),
            RobotRequest.SlavePace pace => SlavePace(pace),
            RobotRequest.SlaveReport report => SlaveReport(report, now),
            RobotRequest.Stop => Stop(),
            RobotRequest.Reset => Reset(now),
            RobotRequest.FleetStop fleet => ApplyFleetStop(fleet.Stopped, now),
            RobotRequest.Configure configure => Configure(configure, now),
            _ => new Refusal(RefusalReason.Invalid, $"{request.GetType().Name} is nothing a robot does"),
        };
        var decision = EndTurn();
        return refused is null ? decision : decision with { Refused = refused };
    }

    /// <summary>Whether a binding would be refused as things stand: to be known before another robot gives the device up.</summary>
    public Decision Check(RobotRequest request)
    {
        var obstacle = request switch
        {
            RobotRequest.BindMaster bind => Obstacle(bind),
            RobotRequest.BindSlave bind => Obstacle(bind),
            _ => null,
        };
        return obstacle is null ? Decision.Nothing : new Decision(obstacle, []);
    }

    // The stop goes out before the disk is asked: it must not wait for one that is slow or full.
    private Refusal? Stop()
    {
        StopSlaves();
        StandStill();
        if (Document.Stopped && unstoredStop is null)
            return null;
        unstoredStop = null;
        Change(Document with { Stopped = true });
        Emit(new RobotEvent(RobotEventKind.Stopped, Document.Id));
        return null;
    }

    private Refusal? Reset(in Timestamp now)
    {
        if (Document.Stopped)
        {
            unstoredStop = null;
            Change(Document with { Stopped = false });
            Emit(new RobotEvent(RobotEventKind.Reset, Document.Id));
        }

        ReleaseSlaves(now);
        return null;
    }

    private Refusal? ApplyFleetStop(bool stopped, in Timestamp now)
    {
        var changes = fleetStopped != stopped;
        fleetStopped = stopped;
        if (stopped)
        {
            StopSlaves();
            StandStill();
        }
        else
        {
            ReleaseSlaves(now);
        }

        if (changes)
            Emit(new RobotEvent(stopped ? RobotEventKind.Stopped : RobotEventKind.Reset, Document.Id));
        return null;
    }

    /// <summary>After a stop nothing goes on by itself: a program commands anew, a motion is resumed, the panel's spell is over.</summary>
    private void StandStill()
    {
        EndSpell();
        robot.Hold();
        lease?.Player?.Halt();
    }

    private Refusal? Configure(RobotRequest.Configure configure, in Timestamp now)
    {
        if (configure.IfVersion is { } version && version != Document.Version)
            return new Refusal(RefusalReason.VersionChanged, $"{Document.Id} has version {Document.Version}, not {version}; read it again");
        if (RobotModelRules.FindProblem(configure.Model) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (Document.Slaves.Select(slave => SlaveRules.FindProblem(slave, configure.Model)).FirstOrDefault(found => found is not null) is { } misfit)
            return new Refusal(RefusalReason.Invalid, misfit);
        if (configure.Model == Document.Model)
            return null;
        EndSpell();
        var motion = lease is { Player: not null } ? lease : null;
        Document = Document with { Model = configure.Model };
        RebuildSlaves(slaves.WithUnbinding(), now);
        if (motion is not null)
            EndProgram(motion, RobotEventKind.MasterUnbound); // It was fitted to the old joints.
        else if (lease is { IsDevice: false })
            BeginDrive(now);
        ChangeUnderLease(Document, now);
        Emit(new RobotEvent(RobotEventKind.Configured, Document.Id));
        return null;
    }

    private Refusal? BindMaster(RobotRequest.BindMaster bind, in Timestamp now)
    {
        if (Obstacle(bind) is { } obstacle)
            return obstacle;
        if (IsMaster(bind.Device))
            return null;
        var binding = new MasterBinding(bind.Device);
        var document = Document;
        if (FindSlave(bind.Device) is var index and >= 0)
        {
            document = document with { Slaves = document.Slaves.RemoveAt(index) };
            slaves.RemoveAt(index);
        }

        Replace(document with { Master = binding }, new MasterLease(binding, timing), now);
        robot.End();
        return null;
    }

    private Refusal? Obstacle(RobotRequest.BindMaster bind)
    {
        if (string.IsNullOrEmpty(bind.Device))
            return new Refusal(RefusalReason.Invalid, "name the device that is to be master");
        if (IsMaster(bind.Device))
            return null;
        if (Held(bind.Takeover) is { } held)
            return held;
        if (FindSlave(bind.Device) is not (>= 0 and var index))
            return null;
        return !slaves[index].Binding.IsDevice
            ? new Refusal(RefusalReason.NameTaken, $"{bind.Device} is a slave of {Document.Id} and no device; unbind it first")
            : bind.Takeover ? null : Busy(bind.Device, "slave");
    }

    private bool IsMaster(string device) => lease is { IsDevice: true } master && master.Name == device;

    private Refusal? AttachRemote(RobotRequest.AttachRemote attach, in Timestamp now)
    {
        if (SlaveRules.FindProblem(attach.Name) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (lease is { Kind: MasterKind.Remote } same && same.Name == attach.Name && same.Holder == attach.Holder)
        {
            same.Renew(now);
            return null;
        }

        if (Held(attach.Takeover) is { } held)
            return held;
        if (FindSlave(attach.Name) is var index and >= 0)
        {
            if (!slaves[index].IsJoined)
                return new Refusal(RefusalReason.NameTaken, $"{attach.Name} is a slave of {Document.Id}");
            Leave(index, "commands the robot now");
        }

        BeginProgram(new MasterLease(new MasterBinding(attach.Name, MasterKind.Remote), timing) { Holder = attach.Holder }, now);
        return null;
    }

    private Refusal? DetachRemote(RobotRequest.DetachRemote detach)
    {
        if (lease is { Kind: MasterKind.Remote, Holder: null } master && master.Name == detach.Name)
            EndProgram(master, RobotEventKind.MasterUnbound);
        return null;
    }

    private Refusal? RenewLease(RobotRequest.RenewLease beat, in Timestamp now)
    {
        if (NotHolder(beat.Name, beat.Epoch, beat.Holder, out var master) is { } refused)
            return refused;
        master!.Renew(now);
        return null;
    }

    private Refusal? RemoteCommand(RobotRequest.RemoteCommand command, in Timestamp now)
    {
        if (NotHolder(command.Name, command.Epoch, command.Holder, out var master) is { } refused)
            return refused;
        master!.Arrived(now);
        master.Renew(now);
        return StoppedRefusal() ?? SetGoal(command.Command, now);
    }

    private Refusal? Play(RobotRequest.Play play, in Timestamp now)
    {
        if (StoppedRefusal() is { } stopped)
            return stopped;
        if (!play.Motion.TryFit(Document.Model, out var track, out var misfit))
            return new Refusal(RefusalReason.Invalid, misfit);
        if (!play.Takeover && lease is { Kind: MasterKind.Sequence, Player: { } same } playing
            && playing.Name == play.Motion.Name && same.Loop == play.Loop)
            return null;
        if (Held(play.Takeover) is { } held)
            return held;
        var player = new MotionPlayer(track, play.Loop, timing.MaxStep);
        BeginProgram(new MasterLease(new MasterBinding(play.Motion.Name, MasterKind.Sequence), timing) { Player = player }, now);
        if (!play.Loop)
            player.Begin(robot.Pose); // A loop begins where it ends.
        return null;
    }

    private Refusal? ControlPlayback(RobotRequest.ControlPlayback steer)
    {
        if (lease?.Player is not { } player)
            return new Refusal(RefusalReason.NothingPlays, $"no motion is master of {Document.Id}");
        if (steer.Paused == false && StoppedRefusal() is { } stopped)
            return stopped;
        if (steer.Position is { } position && !player.TrySeek(position))
        {
            var end = player.Snapshot().Duration.TotalMilliseconds;
            return new Refusal(RefusalReason.Invalid, $"{lease.Name} has positions from 0 to {end} ms");
        }

        if (steer.Paused == true)
            player.Pause();
        else if (steer.Paused == false)
            player.Resume();
        return null;
    }

    private Refusal? UnbindMaster()
    {
        if (lease is not { } master)
            return null;
        if (!master.IsDevice)
        {
            EndProgram(master, RobotEventKind.MasterUnbound);
            return null;
        }

        Change(Document with { Master = null });
        if (master.IsHeld)
            displaced = (master.Name, Document.Version);
        EndMaster(master, Document.Epoch, null);
        lease = null;
        if (!IsManual)
            ReleaseStreams();
        return null;
    }

    private void BeginProgram(MasterLease program, in Timestamp now)
    {
        Replace(Document with { Master = new MasterBinding(program.Name, program.Kind) }, program, now);
        program.Begin(Document.Epoch, now);
        Emit(new RobotEvent(RobotEventKind.MasterLive, program.Name));
        BeginDrive(now);
    }

    /// <summary>A new master in the place of the old one and of the panel, under a new epoch.</summary>
    private void Replace(RobotDocument document, MasterLease next, in Timestamp now)
    {
        var (old, epoch) = (lease, Document.Epoch);
        EndManual();
        RaiseEpoch(document, now);
        if (old is { IsHeld: true })
            displaced = (old.Name, Document.Version);
        if (old is not null)
            EndMaster(old, epoch, next.Name);
        lease = next;
        slaves.Hold();
        AnnounceEpoch(now);
    }

    private void EndProgram(MasterLease program, RobotEventKind why)
    {
        lease = null;
        robot.End();
        ReleaseStreams();
        Emit(new RobotEvent(why, program.Name)); // Told before the disk is asked, as a stop is.
        Change(Document with { Master = null });
    }

    private void EndMaster(MasterLease master, uint epoch, string? by)
    {
        if (master.IsDevice)
            Emit(new Effect.StopStream(master.Name, epoch));
        Emit(new RobotEvent(by is null ? RobotEventKind.MasterUnbound : RobotEventKind.MasterReplaced, master.Name, by));
    }

    private Refusal? Held(bool takeover) => lease is { } holder && !takeover
        ? new Refusal(RefusalReason.MasterHeld, $"{holder.Name} is master of {Document.Id}; unbind it or ask for takeover")
        : null;

    private Refusal? NotHolder(string name, uint epoch, string? behind, out MasterLease? master)
    {
        master = lease;
        if (lease is { Kind: MasterKind.Remote } holder && holder.Name == name && holder.BeganAt == epoch && holder.Holder == behind)
            return null;
        var text = lease is null ? $"{name} is not master of {Document.Id}; nobody is"
            : lease.Name == name && lease.Holder != behind ? $"you did not attach {name} to {Document.Id}; another did"
            : lease.Name == name ? $"{name} is master of {Document.Id} under another epoch than {epoch}"
            : $"{name} is not master of {Document.Id}; {lease.Name} is";
        return new Refusal(RefusalReason.NotMaster, text);
    }

    private Refusal? StoppedRefusal() => !IsStopped ? null : new Refusal(
        RefusalReason.Stopped,
        Document.Stopped ? $"{Document.Id} is stopped; reset it first" : "the fleet is stopped; reset it first");

    private static Refusal? Invalid(string? problem) => problem is null ? null : new Refusal(RefusalReason.Invalid, problem);

    /// <summary>Whether the panel's last command is being executed, or was just now.</summary>
    private bool IsManual => manualSince is not null;

    private Refusal? Manual(RobotRequest.Manual manual, in Timestamp now)
    {
        if (lease is { IsHeld: true } master)
        {
            return new Refusal(
                RefusalReason.PanelLocked, $"{master.Name} is master of {Document.Id}; manual control is locked until it is detached");
        }

        if ((StoppedRefusal() ?? Invalid(FindProblem(manual.Command))) is { } refused)
            return refused;
        if (!IsManual)
        {
            lease?.Lose();
            manualSince = now;
            slaves.Hold();
            RaiseEpoch(Document, now);
            manualEpoch = Document.Epoch;
            Emit(new RobotEvent(RobotEventKind.ManualBegan, Document.Id));
            AnnounceEpoch(now);
            BeginDrive(now);
        }

        manualSince = now;
        return SetGoal(manual.Command, now);
    }

    /// <summary>The panel keeps the slaves for a while after they have arrived.</summary>
    private void KeepSpell(in Timestamp since, in Timestamp now)
    {
        if (!HasArrived())
        {
            manualSince = now;
        }
        else if (now.IsPast(since, timing.ManualSpell))
        {
            EndSpell();
        }
    }

    /// <summary>Nobody takes the panel's place: the slaves hold.</summary>
    private void EndSpell()
    {
        if (!IsManual)
            return;
        EndManual();
        ReleaseStreams();
    }

    private void EndManual()
    {
        if (!IsManual)
            return;
        manualSince = null;
        robot.End();
        Emit(new RobotEvent(RobotEventKind.ManualEnded, Document.Id));
    }

    private Refusal? BindSlave(RobotRequest.BindSlave bind, in Timestamp now)
    {
        if (Obstacle(bind) is { } obstacle)
            return obstacle;
        var binding = bind.Slave;
        if (FindSlave(binding.Name) is var index and >= 0)
            return Rebind(slaves[index], index, binding, now);
        if (binding.IsDevice && IsMaster(binding.Name))
            UnbindMaster();

        var slave = new SlaveTrack(binding, isUnbound: false, Document.Model, timing);
        if (IsStopped && slave.IsFenced)
            Emit(new Effect.StopDevice(binding.Name));
        slaves.Insert(Document.Slaves.Length, slave);
        var document = Document with { Slaves = Document.Slaves.Add(binding) };
        if (slave.IsFenced)
            ChangeUnderLease(document, now);
        else
            Change(document);
        return null;
    }

    private Refusal? Obstacle(RobotRequest.BindSlave bind)
    {
        var binding = bind.Slave;
        if (SlaveRules.FindProblem(binding, Document.Model) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (FindSlave(binding.Name) is var index and >= 0 && (slaves[index].IsUnbound || slaves[index].Binding.Kind != binding.Kind))
        {
            return new Refusal(
                RefusalReason.NameTaken, $"{binding.Name} is another slave of {Document.Id}; choose another name or unbind that one");
        }

        if (lease is { Kind: MasterKind.Remote } program && program.Name == binding.Name)
            return new Refusal(RefusalReason.NameTaken, $"{binding.Name} commands {Document.Id} and cannot execute as well");
        return binding.IsDevice && IsMaster(binding.Name) && !bind.Takeover ? Busy(binding.Name, "master") : null;
    }

    private Refusal? Rebind(SlaveTrack slave, int index, SlaveBinding binding, in Timestamp now)
    {
        if (slave.Binding == binding)
            return null;
        slaves.Rebind(index, binding);
        var document = Document with { Slaves = Document.Slaves.SetItem(index, binding) };
        if (slave.IsFenced)
            ChangeUnderLease(document, now);
        else
            Change(document);
        return null;
    }

    private Refusal? UnbindSlave(RobotRequest.UnbindSlave unbind)
    {
        if (FindSlave(unbind.Name) is not (>= 0 and var index))
            return new Refusal(RefusalReason.UnknownSlave, $"{unbind.Name} is no slave of {Document.Id}");
        var slave = slaves[index];
        if (slave.IsUnbound)
        {
            slaves.RemoveAt(index);
        }
        else
        {
            slaves.Unbind(index);
            Change(Document with { Slaves = Document.Slaves.RemoveAt(index) });
        }

        if (slave.IsFenced)
            Emit(new Effect.StopStream(unbind.Name, Document.Epoch));
        Emit(new RobotEvent(RobotEventKind.SlaveLeft, unbind.Name));
        return null;
    }

    private Refusal? JoinSlave(RobotRequest.JoinSlave join, in Timestamp now)
    {
        if (SlaveRules.FindProblem(join.Name) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (lease is { Kind: MasterKind.Remote } master && master.Name == join.Name)
            return new Refusal(RefusalReason.NameTaken, $"{join.Name} commands {Document.Id} and cannot execute as well");
        if (FindSlave(join.Name) is var index and >= 0)
        {
            if (slaves[index].Binding.IsDevice)
                return new Refusal(RefusalReason.NameTaken, $"{join.Name} is a device of {Document.Id}; choose another name");
            if (slaves[index].IsJoined)
                return null;
            slaves[index].Join(now);
        }
        else
        {
            var guest = new SlaveTrack(new SlaveBinding(join.Name, SlaveKind.WebSocket), isUnbound: true, Document.Model, timing);
            guest.Join(now);
            slaves.Insert(slaves.Count, guest);
        }

        Emit(new RobotEvent(RobotEventKind.SlaveLive, join.Name));
        return null;
    }

    private Refusal? LeaveSlave(RobotRequest.LeaveSlave leave)
    {
        if (FindSlave(leave.Name) is not (>= 0 and var index))
            return null;
        if (slaves[index].IsJoined)
            Leave(index, leave.Reason);
        else if (slaves[index].Binding.Kind == SlaveKind.Remote)
            FailSlave(slaves[index], leave.Reason); // Why it could not join.
        return null;
    }

    private void Leave(int index, string reason)
    {
        var slave = slaves[index];
        if (!slave.IsUnbound)
        {
            slave.Leave(reason);
            Emit(new RobotEvent(RobotEventKind.SlaveFailed, slave.Name));
            return;
        }

        slaves.RemoveAt(index);
        Emit(new RobotEvent(RobotEventKind.SlaveLeft, slave.Name));
    }

    private Refusal? SlavePace(RobotRequest.SlavePace pace)
    {
        if (Joined(pace.Name, out var slave) is { } refused)
            return refused;
        if (slave!.Pace(pace.Lagging))
            Emit(new RobotEvent(pace.Lagging ? RobotEventKind.SlaveLagging : RobotEventKind.SlaveLive, pace.Name));
        return null;
    }

    private Refusal? SlaveReport(RobotRequest.SlaveReport report, in Timestamp now) =>
        Joined(report.Name, out var slave) ?? Invalid(slave!.Report(report.Joints, now));

    private Refusal? Joined(string name, out SlaveTrack? slave)
    {
        slave = FindSlave(name) is var index and >= 0 && slaves[index].IsJoined ? slaves[index] : null;
        return slave is null ? new Refusal(RefusalReason.UnknownSlave, $"{name} has not joined {Document.Id}") : null;
    }

    private void ReleaseSlaves(in Timestamp now)
    {
        if (IsStopped)
            return;
        if (robot is { IsDriven: true, HasGoal: false })
            BeginDrive(now);
        foreach (var slave in slaves)
        {
            slave.Hold();
            if (slave.IsFenced)
                Emit(new Effect.ResetDevice(slave.Name));
        }
    }

    private Refusal Busy(string device, string role) =>
        new(RefusalReason.DeviceBusy, $"{device} is {role} of {Document.Id}; unbind it there or ask for takeover");

    /// <summary>Whether commands go out, or may at any time, under the present epoch.</summary>
    private bool IsEpochInUse => lease is { IsAnnounced: true } || manualSince is not null;

    private void RaiseEpoch(RobotDocument document, in Timestamp now) =>
        Change(document with { Epoch = Epochs.Next(Document.Epoch, now) });

    /// <summary>Tells everyone the epoch just raised.</summary>
    private void AnnounceEpoch(in Timestamp now)
    {
        if (lease is { } master && manualSince is null)
        {
            master.AnnounceEpoch(now);
            if (master is { IsDevice: true, IsUnfenced: false })
                Emit(new Effect.StartStream(master.Name, Document.Epoch));
        }

        foreach (var slave in slaves)
        {
            slave.BeginEpoch(now);
            if (slave.IsFenced)
                Emit(new Effect.StartStream(slave.Name, Document.Epoch));
        }
    }

    /// <summary>A change that begins a slave's commands anew: where an epoch is in use, they begin under the next one.</summary>
    private void ChangeUnderLease(RobotDocument document, in Timestamp now)
    {
        if (!IsEpochInUse)
        {
            Change(document);
            return;
        }

        RaiseEpoch(document, now);
        AnnounceEpoch(now);
    }

    private void SendEpoch(MasterLease master, in Timestamp now)
    {
        master.MarkSent(now);
        if (!master.IsUnfenced)
            Emit(new Effect.StartStream(master.Name, Document.Epoch));
    }

    private void SendEpoch(SlaveTrack slave, in Timestamp now)
    {
        slave.MarkSent(now);
        Emit(new Effect.StartStream(slave.Name, Document.Epoch));
    }

    /// <summary>
    /// Whether a device holds an epoch above ours that the clock has passed by now, as one does that comes from a robot whose host's
    /// clock runs ahead. It would refuse ours for ever. One that holds an absurd epoch is left alone.
    /// </summary>
    private bool IsAheadByClock(uint epoch, in Timestamp now) => epoch > Document.Epoch && Epochs.Next(Document.Epoch, now) > epoch;

    private void BringToEpoch(SlaveTrack slave, uint epoch, in Timestamp now)
    {
        if (!IsAheadByClock(epoch, now))
        {
            SendEpoch(slave, now);
            return;
        }

        RaiseEpoch(Document, now);
        AnnounceEpoch(now);
    }

    /// <summary>A state frame of the bound master.</summary>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="positions">Joint positions; NaN where there is no reading.</param>
    /// <param name="now">When it came.</param>
    /// <param name="sink">Takes the command of each slave, before this returns.</param>
    /// <param name="decision"><see cref="Decision.Nothing"/> in steady state.</param>
    /// <returns>What became of it; counted already.</returns>
    public FrameResult OnMasterFrame(
        in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now, ICommandSink sink, out Decision decision)
    {
        decision = Decision.Nothing;
        if (lease is not { IsDevice: true } master)
            return FrameResult.NotBound;
        master.Arrived(now);
        ExpireLease(now);
        var result = Take(master, stamp, positions, now);
        if (result == FrameResult.Accepted)
            slaves.Command(positions, robot.Before, Document.Epoch, stamp.CapturedAt, now, sink);
        decision = EndTurn();
        return master.Frames.Count(result);
    }

    /// <summary>A state frame of a slave.</summary>
    /// <param name="slave">Index in <see cref="Targets"/> as of this turn; see <see cref="FindSlave"/>.</param>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="positions">Joint positions; NaN where there is no reading.</param>
    /// <param name="now">When it came.</param>
    /// <param name="decision"><see cref="Decision.Nothing"/> in steady state.</param>
    /// <returns>What became of it; counted already.</returns>
    public FrameResult OnSlaveFrame(
        int slave, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now, out Decision decision)
    {
        decision = Decision.Nothing;
        if ((uint)slave >= (uint)slaves.Count || !slaves[slave].IsFenced)
            return FrameResult.NotBound;
        var track = slaves[slave];
        track.Arrived(now);
        var result = Take(track, stamp, positions, now);
        decision = EndTurn();
        return track.Frames.Count(result);
    }

    private FrameResult Take(MasterLease master, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now)
    {
        if (positions.Length != Document.Model.Joints.Length)
            return FrameResult.WrongJoints;
        if (master.IsUnfenced != stamp.Unfenced)
        {
            if (master.IsLive)
                return FrameResult.NotBound; // One device speaks one dialect at a time.
            master.IsUnfenced = stamp.Unfenced;
        }

        if (!master.IsAnnounced || (stamp.Epoch != Document.Epoch && !stamp.Unfenced))
            return TakeOtherEpoch(master, stamp.Epoch, now);
        var result = master.Judge(stamp, now);
        if (result != FrameResult.Accepted)
            return result;
        if (master.Renew(stamp, now))
            Emit(new RobotEvent(RobotEventKind.MasterLive, master.Name));
        if (IsStopped)
            return FrameResult.Stopped;
        robot.Track(positions, stamp.CapturedAt, now);
        return FrameResult.Accepted;
    }

    /// <summary>A frame under no live epoch of ours: brings its source to one, without haste and never frame by frame.</summary>
    private FrameResult TakeOtherEpoch(MasterLease master, uint epoch, in Timestamp now)
    {
        // Epoch 0 under a live lease: the source restarted, and counts its frames from 1 again.
        var attaches = !master.IsAnnounced || (master.IsLive && epoch == 0) || IsAheadByClock(epoch, now);
        if (master.IsLive && !attaches)
            return FrameResult.StaleEpoch;
        if (!master.MaySend(now))
            return FrameResult.AwaitingEpoch;
        if (attaches)
            Attach(now);
        else
            SendEpoch(master, now);
        return FrameResult.AwaitingEpoch;
    }

    private void Attach(in Timestamp now)
    {
        EndManual();
        slaves.Hold();
        RaiseEpoch(Document, now);
        AnnounceEpoch(now);
    }

    private FrameResult Take(SlaveTrack slave, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now)
    {
        if (positions.Length != Document.Model.Joints.Length)
        {
            if (slave.IsNewMisfit(positions.Length))
                FailSlave(slave, $"{slave.Name} has {positions.Length} joints, {Document.Id} has {Document.Model.Joints.Length}");
            return FrameResult.WrongJoints;
        }

        var restarted = slave.HasRestarted(stamp.Epoch);
        var result = slave.Judge(stamp, now);
        if (result != FrameResult.Accepted)
            return result;
        if (restarted)
            slave.Hold();
        var before = slave.Take(stamp, positions, now);
        if (before != SlaveState.Live)
            Emit(new RobotEvent(RobotEventKind.SlaveLive, slave.Name));
        if (IsStopped && (restarted || before is SlaveState.Connecting or SlaveState.Failed))
            Emit(new Effect.StopDevice(slave.Name));
        if (IsEpochInUse && stamp.Epoch != Document.Epoch && slave.MaySend(now))
            BringToEpoch(slave, stamp.Epoch, now);
        return FrameResult.Accepted;
    }

    private void Drive(in Timestamp now, ICommandSink sink)
    {
        if (!IsDriving)
            return;
        if (lease?.Player is { IsHalted: false } player)
        {
            Span<double> pose = stackalloc double[Document.Model.Joints.Length];
            pose.Fill(double.NaN);
            player.Advance(now, pose);
            robot.SetGoals(pose, now);
        }

        if (robot.HasGoal)
        {
            robot.Advance(now);
            slaves.CommandWhereDue(robot.Wanted, robot.Before, Document.Epoch, now, sink);
        }

        if (lease is { Player.IsAtEnd: true } ended && HasArrived())
            EndProgram(ended, RobotEventKind.MotionEnded);
        if (manualSince is { } since)
            KeepSpell(since, now);
    }

    private bool HasArrived() => !robot.HasGoal || (robot.IsSettled && slaves.HaveReached(robot.Wanted));

    /// <summary>The robot moves by itself from where it really is.</summary>
    private void BeginDrive(in Timestamp now)
    {
        Span<double> real = stackalloc double[Document.Model.Joints.Length];
        slaves.Measure(real, now);
        robot.Begin(real, now);
    }

    private Refusal? SetGoal(JointCommand command, in Timestamp now)
    {
        if (FindProblem(command) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        foreach (var goal in command.Goals)
            robot.SetGoal(Document.Model.Find(goal.Joint), goal.Value, goal.Speed, command.Duration, now);
        return null;
    }

    private string? FindProblem(JointCommand command) => JointCommandRules.FindProblem(command, Document.Id, Document.Model);

    /// <summary>
    /// The robot anew from what was stored, after a fault of this one. A stop that is in force stays so, slaves that are joined stay
    /// joined, and open loops begin where they were last commanded; leases and goals are gone, which is told with what
    /// <see cref="Start"/> decides. The host calls that next.
    /// </summary>
    /// <param name="durable">The last document that was made durable.</param>
    /// <param name="isFleetStopped">Whether the fleet's stop is latched.</param>
    /// <param name="now">When.</param>
    public RobotCore Rebuild(RobotDocument durable, bool isFleetStopped, in Timestamp now)
    {
        var next = new RobotCore(BackTo(durable), isFleetStopped, timing);
        if (next.Document.Stopped && !durable.Stopped)
            next.unstoredStop = now;
        next.turn.AddRange(Ended(durable));
        next.RebuildSlaves(slaves.WithUnbinding(), now);
        next.robot = new VirtualRobot(next.Document.Model, timing, robot);
        return next;
    }

    /// <summary>
    /// The document could not be made durable: goes back to the one that is, but keeps a stop that was latched and tries again to
    /// store it. A bound device attaches anew; a program or motion has lost its lease.
    /// </summary>
    /// <param name="durable">The last document that was made durable.</param>
    /// <param name="now">The turn's time.</param>
    public Decision OnPersistFailed(RobotDocument durable, in Timestamp now)
    {
        if (Document.Stopped && !durable.Stopped)
            unstoredStop = now;
        turn.AddRange(Ended(durable));
        Document = WithoutProgram(BackTo(durable));
        Restore(now);
        lease?.MarkSent(now);
        return EndTurn();
    }

    /// <summary>What is durable, and what is in force although it is not: a stop, and every epoch that was ever raised.</summary>
    private RobotDocument BackTo(RobotDocument durable) => durable with
    {
        Stopped = durable.Stopped || Document.Stopped,
        Epoch = Math.Max(durable.Epoch, Document.Epoch),
    };

    /// <summary>The end of what was told to live and lives no longer.</summary>
    private IEnumerable<Effect> Ended(RobotDocument durable)
    {
        if (TakeDisplaced(durable) is { } lost)
            yield return new RobotEvent(RobotEventKind.MasterLost, lost);
        if (IsManual && manualEpoch <= durable.Epoch)
            yield return new RobotEvent(RobotEventKind.ManualEnded, Document.Id);
    }

    private static RobotDocument WithoutProgram(RobotDocument document) =>
        document.Master is { Kind: not MasterKind.Device } ? document with { Master = null } : document;

    private void Restore(in Timestamp now)
    {
        lease = Document.Master is { } master ? new MasterLease(master, timing) : null;
        manualSince = null;
        RebuildSlaves(slaves.WithUnbinding(), now);
    }

    private void RebuildSlaves(SlaveTrack[] before, in Timestamp now)
    {
        slaves.Rebuild(Document, before, now);
        robot = new VirtualRobot(Document.Model, timing, robot);
    }

    /// <summary>The master that was told to live and, of what could not be stored, no longer does; or null.</summary>
    private string? TakeDisplaced(RobotDocument durable)
    {
        var old = displaced;
        displaced = null;
        if (old is { } taken && taken.Version > durable.Version)
            return taken.Name;
        return lease is { IsHeld: true } live && live.BeganAt <= durable.Epoch ? live.Name : null;
    }

    /// <summary>The robot now.</summary>
    public RobotSnapshot Snapshot(in Timestamp now)
    {
        var states = new JointState[Document.Model.Joints.Length];
        for (var joint = 0; joint < states.Length; joint++)
            states[joint] = State(joint);
        var tracks = slaves.Snapshot(IsStopped, now);
        var bound = Document.Slaves.Length;
        return new RobotSnapshot(
            now.Unix,
            Document,
            fleetStopped,
            lease?.Snapshot(Document.Epoch, now),
            [.. tracks[..bound]],
            [.. tracks[bound..]],
            [.. states],
            IsManual);
    }

    private JointState State(int joint) => slaves.ReaderOf(joint) is { } slave
        ? robot.State(joint, slave.Real[joint], slave.RealAt, slave.OffsetOf(joint))
        : robot.State(joint, null, null, 0);
}
