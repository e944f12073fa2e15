using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>One robot. State, input and time go in; effects and commands come out.</summary>
/// <remarks>
/// Not thread-safe: the host runs one turn at a time, and its effects in order before the next one. Where a
/// <see cref="Effect.Persist"/> fails, the host leaves out the effects after it and calls <see cref="OnPersistFailed"/>.
/// </remarks>
public sealed class RobotCore
{
    private readonly RobotTiming timing;
    private readonly RobotCoreState state;
    private readonly SlaveSet slaves;
    private readonly MasterRequests masterRequests;
    private readonly SlaveRequests slaveRequests;
    private Timestamp? unstoredStop;
    private uint manualEpoch;

    /// <summary>Restores a robot from its document; the host calls <see cref="Start"/> next.</summary>
    /// <exception cref="ArgumentException">The document's model breaks <see cref="RobotModelRules"/>.</exception>
    public RobotCore(RobotDocument document, bool fleetStopped, RobotTiming timing)
    {
        if (RobotModelRules.FindProblem(document.Model) is { } problem)
            throw new ArgumentException($"robot {document.Id}: {problem}", nameof(document));
        this.timing = timing;
        var stored = document.Slaves.IsDefault ? document with { Slaves = [] } : document;
        state = new RobotCoreState(WithoutProgram(stored), fleetStopped, timing);
        slaves = state.Slaves;
        masterRequests = new MasterRequests(state);
        slaveRequests = new SlaveRequests(state, masterRequests);
        Restore(default);
    }

    /// <summary>As of the last turn.</summary>
    public RobotDocument Document => state.Document;

    /// <summary>The slaves by the index that commands are given with: the bound ones, then the unbound.</summary>
    public ImmutableArray<SlaveBinding> Targets => slaves.Bindings;

    public bool IsStopped => state.IsStopped;

    /// <summary>Whether the robot moves by itself, so that <see cref="Tick"/> is due every 10 ms.</summary>
    public bool IsDriving => state.Robot.IsDriven && !IsStopped;

    /// <summary>After a load: sends a latched stop to the slaves again.</summary>
    public Decision Start()
    {
        if (IsStopped)
            state.StopSlaves();
        return state.EndTurn();
    }

    /// <summary>
    /// Lets time pass: leases run out, slaves lag and fail, what moves by itself goes on. To be called every 50 ms, and every 10 ms
    /// while <see cref="IsDriving"/>.
    /// </summary>
    public Decision Tick(in Timestamp now, ICommandSink sink)
    {
        ExpireLease(now);
        foreach (var slave in slaves)
        {
            if (slave.Tick(now))
                state.Emit(new RobotEvent(slave.State == SlaveState.Failed ? RobotEventKind.SlaveFailed : RobotEventKind.SlaveLagging, slave.Name));
        }

        if (unstoredStop is { } tried && now.IsPast(tried, timing.StreamRetry))
        {
            unstoredStop = null;
            state.Change(Document);
        }

        Drive(now, sink);
        return state.EndTurn();
    }

    /// <summary>Repeated with what it knows already, the core does nothing.</summary>
    /// <param name="device">One that is not bound here is ignored.</param>
    /// <param name="online">False with the last will.</param>
    /// <param name="joints">Its joints in the order of its frames; default where it does not say.</param>
    /// <param name="now">The time.</param>
    /// <param name="hasSecondPath">Where it is offline: only its first path is known to be lost, and frames may go on by the second.</param>
    public Decision OnPresence(string device, bool online, ImmutableArray<string> joints, in Timestamp now, bool hasSecondPath = false)
    {
        var problem = TakeJoints(device, joints);
        if (state.Lease is { IsDevice: true } master && master.Name == device && master.IsOnline != online)
        {
            master.IsOnline = online;
            if (!online && master.IsAnnounced && !(hasSecondPath && master.IsLive))
                LoseLease(master);
            else if (online && master.IsAnnounced && !master.IsLive)
                state.SendEpoch(master, now);
        }

        if (FindSlave(device) is var index and >= 0 && slaves[index].IsFenced && slaves[index].IsOnline != online)
            OnSlavePresence(slaves[index], online, hasSecondPath, now);
        var decision = state.EndTurn();
        return problem is null ? decision : decision with { Refused = new Refusal(RefusalReason.Invalid, $"{device}: {problem}") };
    }

    /// <summary>Takes what a bound device says of its joints; the answer is why they are not those of the robot, where that is new.</summary>
    private string? TakeJoints(string device, ImmutableArray<string> joints)
    {
        if (joints.IsDefault)
            return null;
        if (state.Lease is { IsDevice: true } master && master.Name == device && !(joints.AsSpan().SequenceEqual(master.JointNames.AsSpan())))
        {
            master.JointNames = joints;
            return master.JointsOf(Document.Model, isMicroPython: false).Problem;
        }

        if (FindSlave(device) is not (>= 0 and var index) || !slaves[index].IsFenced || !slaves[index].TryTakeJoints(joints))
            return null;
        if (slaves[index].JointProblem is { } problem)
            state.FailSlave(slaves[index], problem);
        return slaves[index].JointProblem;
    }

    /// <summary>Index of a slave by its name, or -1. Unbinding and leaving move the indices after it.</summary>
    public int FindSlave(string name) => slaves.Find(name);

    private void OnSlavePresence(SlaveTrack slave, bool online, bool hasSecondPath, in Timestamp now)
    {
        slave.IsOnline = online;
        if (!online)
        {
            if (hasSecondPath)
                slave.LoseControl(now);
            if (!hasSecondPath || !slave.IsCommanded)
                state.FailSlave(slave, "offline");
            return;
        }

        slave.RegainControl();
        if (IsStopped)
            state.Emit(new Effect.StopDevice(slave.Name));
        if (state.IsEpochInUse)
            state.SendEpoch(slave, now);
    }

    private void ExpireLease(in Timestamp now)
    {
        if (state.Lease is { } master && master.IsExpired(now))
            LoseLease(master);
    }

    private void LoseLease(MasterLease master)
    {
        if (!master.IsDevice)
        {
            masterRequests.EndProgram(master, RobotEventKind.MasterLost);
            return;
        }

        master.Lose();
        state.ReleaseStreams();
        state.Emit(new RobotEvent(RobotEventKind.MasterLost, master.Name));
    }

    /// <summary>Carries out a request, or says why not. Repeated where it is done already, it succeeds again.</summary>
    public Decision Apply(RobotRequest request, in Timestamp now)
    {
        ExpireLease(now);
        var refused = request switch
        {
            RobotRequest.BindMaster bind => masterRequests.BindMaster(bind, now),
            RobotRequest.AttachRemote attach => masterRequests.AttachRemote(attach, now),
            RobotRequest.DetachRemote detach => masterRequests.DetachRemote(detach),
            RobotRequest.RenewLease beat => masterRequests.RenewLease(beat, now),
            RobotRequest.RemoteCommand command => masterRequests.RemoteCommand(command, now),
            RobotRequest.Play play => masterRequests.Play(play, now),
            RobotRequest.ControlPlayback playback => masterRequests.ControlPlayback(playback),
            RobotRequest.Manual manual => Manual(manual, now),
            RobotRequest.UnbindMaster => masterRequests.UnbindMaster(),
            RobotRequest.BindSlave bind => slaveRequests.BindSlave(bind, now),
            RobotRequest.UnbindSlave unbind => slaveRequests.UnbindSlave(unbind),
            RobotRequest.JoinSlave join => slaveRequests.JoinSlave(join, now),
            RobotRequest.LeaveSlave leave => slaveRequests.LeaveSlave(leave),
            RobotRequest.SlavePace pace => slaveRequests.SlavePace(pace),
            RobotRequest.SlaveReport report => slaveRequests.SlaveReport(report, now),
            RobotRequest.Stop => Stop(),
            RobotRequest.Reset => Reset(now),
            RobotRequest.FleetStop fleet => ApplyFleetStop(fleet.Stopped, now),
            RobotRequest.Configure configure => Configure(configure, now),
            _ => new Refusal(RefusalReason.Invalid, $"{request.GetType().Name} is nothing a robot does"),
        };
        var decision = state.EndTurn();
        return refused is null ? decision : decision with { Refused = refused };
    }

    /// <summary>Whether a binding would be refused now, to be known before another robot gives the device up.</summary>
    public Decision Check(RobotRequest request)
    {
        var obstacle = request switch
        {
            RobotRequest.BindMaster bind => masterRequests.Obstacle(bind),
            RobotRequest.BindSlave bind => slaveRequests.Obstacle(bind),
            _ => null,
        };
        return obstacle is null ? Decision.Nothing : new Decision(obstacle, []);
    }

    // The stop goes out before the disk is asked: it must not wait for one that is slow or full.
    private Refusal? Stop()
    {
        state.StopSlaves();
        StandStill();
        if (Document.Stopped && unstoredStop is null)
            return null;
        unstoredStop = null;
        state.Change(Document with { Stopped = true });
        state.Emit(new RobotEvent(RobotEventKind.Stopped, Document.Id));
        return null;
    }

    private Refusal? Reset(in Timestamp now)
    {
        if (Document.Stopped)
        {
            unstoredStop = null;
            state.Change(Document with { Stopped = false });
            state.Emit(new RobotEvent(RobotEventKind.Reset, Document.Id));
        }

        ReleaseSlaves(now);
        return null;
    }

    private Refusal? ApplyFleetStop(bool stopped, in Timestamp now)
    {
        var changes = state.IsFleetStopped != stopped;
        state.IsFleetStopped = stopped;
        if (stopped)
        {
            state.StopSlaves();
            StandStill();
        }
        else
        {
            ReleaseSlaves(now);
        }

        if (changes)
            state.Emit(new RobotEvent(stopped ? RobotEventKind.Stopped : RobotEventKind.Reset, Document.Id));
        return null;
    }

    /// <summary>After a stop nothing continues by itself: programs command again, motions are resumed, manual control ends.</summary>
    private void StandStill()
    {
        EndSpell();
        state.Robot.Hold();
        state.Lease?.Player?.Halt();
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
        var motion = state.Lease is { Player: not null } ? state.Lease : null;
        state.Document = Document with { Model = configure.Model };
        RebuildSlaves(slaves.WithUnbinding(), now);
        if (motion is not null)
            masterRequests.EndProgram(motion, RobotEventKind.MasterUnbound); // It was fitted to the old joints.
        else if (state.Lease is { IsDevice: false })
            state.BeginDrive(now);
        state.ChangeUnderLease(Document, now);
        state.Emit(new RobotEvent(RobotEventKind.Configured, Document.Id));
        return null;
    }

    private Refusal? Manual(RobotRequest.Manual manual, in Timestamp now)
    {
        if (state.Lease is { IsHeld: true } master)
        {
            return new Refusal(
                RefusalReason.PanelLocked, $"{master.Name} is master of {Document.Id}; manual control is locked until it is detached");
        }

        if (state.StoppedRefusal() is { } stopped)
            return stopped;
        if (JointCommandRules.FindProblem(manual.Command, Document.Id, Document.Model) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (!state.IsManual)
        {
            state.Lease?.Lose();
            state.ManualSince = now;
            slaves.Hold();
            state.RaiseEpoch(Document, now);
            manualEpoch = Document.Epoch;
            state.Emit(new RobotEvent(RobotEventKind.ManualBegan, Document.Id));
            state.AnnounceEpoch(now);
            state.BeginDrive(now);
        }

        state.ManualSince = now;
        return state.SetGoal(manual.Command, now);
    }

    /// <summary>Manual control lasts for a while after its goals are reached.</summary>
    private void KeepSpell(in Timestamp since, in Timestamp now)
    {
        if (!HasArrived(andSettled: false, now))
        {
            state.ManualSince = now;
        }
        else if (now.IsPast(since, timing.ManualSpell))
        {
            EndSpell();
        }
    }

    private void EndSpell()
    {
        if (!state.IsManual)
            return;
        state.EndManual();
        state.ReleaseStreams();
    }

    private void ReleaseSlaves(in Timestamp now)
    {
        if (IsStopped)
            return;
        if (state.Robot is { IsDriven: true, HasGoal: false })
            state.BeginDrive(now);
        foreach (var slave in slaves)
        {
            slave.Hold();
            if (slave.IsFenced)
                state.Emit(new Effect.ResetDevice(slave.Name));
        }
    }

    private void BringToEpoch(SlaveTrack slave, uint epoch, in Timestamp now)
    {
        if (!state.IsAheadByClock(epoch, now))
        {
            state.SendEpoch(slave, now);
            return;
        }

        state.RaiseEpoch(Document, now);
        state.AnnounceEpoch(now);
    }

    /// <summary>A state frame of the bound master. Returns what became of it, counted already.</summary>
    /// <param name="positions">NaN where there is no reading.</param>
    /// <param name="sink">Takes the command of each slave, before this returns.</param>
    /// <param name="decision"><see cref="Decision.Nothing"/> in steady state.</param>
    public FrameResult OnMasterFrame(
        in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now, ICommandSink sink, out Decision decision)
    {
        decision = Decision.Nothing;
        if (state.Lease is not { IsDevice: true } master)
            return FrameResult.NotBound;
        ExpireLease(now);
        var joints = master.JointsOf(Document.Model, stamp.Unfenced);
        var pose = joints.ToRobot(positions, stackalloc double[positions.Length]);
        var result = joints.Problem is null ? Take(master, stamp, pose, now) : FrameResult.WrongJoints;
        if (result == FrameResult.Accepted)
        {
            var leaps = state.Robot.Track(pose, stamp.CapturedAt, now);
            var still = stamp.KeepAlive && state.Robot.IsStill;
            slaves.Command(state.Robot.Wanted, state.Robot.Before, leaps, still, Document.Epoch, stamp.CapturedAt, master.Rate.Interval, now, sink);
        }

        if (result != FrameResult.Duplicate)
            master.Arrived(now);
        decision = state.EndTurn();
        return master.Frames.Count(result);
    }

    /// <summary>A state frame of a slave. Returns what became of it, counted already.</summary>
    /// <param name="slave">Index in <see cref="Targets"/> as of this turn; see <see cref="FindSlave"/>.</param>
    /// <param name="positions">NaN where there is no reading.</param>
    /// <param name="decision"><see cref="Decision.Nothing"/> in steady state.</param>
    public FrameResult OnSlaveFrame(
        int slave, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now, out Decision decision)
    {
        decision = Decision.Nothing;
        if ((uint)slave >= (uint)slaves.Count || !slaves[slave].IsFenced)
            return FrameResult.NotBound;
        var track = slaves[slave];
        var result = Take(track, stamp, positions, now);
        if (result != FrameResult.Duplicate)
            track.Arrived(now);
        decision = state.EndTurn();
        return track.Frames.Count(result);
    }

    private FrameResult Take(MasterLease master, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now)
    {
        if (positions.Length != Document.Model.Joints.Length)
            return FrameResult.WrongJoints;
        if (!HasReading(positions))
            return TakeNoReading(master, stamp, positions, now);
        if (master.IsUnfenced != stamp.Unfenced)
        {
            if (master.IsLive)
                return FrameResult.NotBound; // One device speaks one dialect at a time.
            master.IsUnfenced = stamp.Unfenced;
        }

        if (!master.IsAnnounced || (stamp.Epoch != Document.Epoch && !stamp.Unfenced))
            return master.IsLate(stamp) ? FrameResult.StaleEpoch : TakeOtherEpoch(master, stamp.Epoch, now);
        var result = master.Judge(stamp, now);
        if (result != FrameResult.Accepted)
            return result;
        if (master.Renew(stamp, now))
            state.Emit(new RobotEvent(RobotEventKind.MasterLive, master.Name));
        if (master.Rate.Observe(stamp))
            state.AnnounceRate(now);
        return IsStopped ? FrameResult.Stopped : FrameResult.Accepted;
    }

    /// <summary>Brings the source of a frame under another epoch to the current one, at most once per retry time.</summary>
    private FrameResult TakeOtherEpoch(MasterLease master, uint epoch, in Timestamp now)
    {
        // Epoch 0 under a live lease: the source restarted, and counts its frames from 1 again.
        var attaches = !master.IsAnnounced || (master.IsLive && epoch == 0) || state.IsAheadByClock(epoch, now);
        if (master.IsLive && !attaches)
            return FrameResult.StaleEpoch;
        if (!master.MaySend(now))
            return FrameResult.AwaitingEpoch;
        if (attaches)
            Attach(now);
        else
            state.SendEpoch(master, now);
        return FrameResult.AwaitingEpoch;
    }

    private FrameResult TakeNoReading(MasterLease master, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now)
    {
        if (master.IsLive)
            state.Robot.Track(positions, stamp.CapturedAt, now);
        return FrameResult.NoReading;
    }

    private static bool HasReading(ReadOnlySpan<double> positions)
    {
        foreach (var position in positions)
        {
            if (double.IsFinite(position))
                return true;
        }

        return false;
    }

    private void Attach(in Timestamp now)
    {
        state.EndManual();
        state.Robot.End();
        slaves.Hold();
        state.RaiseEpoch(Document, now);
        state.AnnounceEpoch(now);
    }

    private FrameResult Take(SlaveTrack slave, in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now)
    {
        if (positions.Length != Document.Model.Joints.Length)
        {
            if (slave.IsNewMisfit(positions.Length))
                state.FailSlave(slave, $"{slave.Name} has {positions.Length} joints, {Document.Id} has {Document.Model.Joints.Length}");
            return FrameResult.WrongJoints;
        }

        if (slave.JointProblem is not null)
            return FrameResult.WrongJoints;
        var restarted = slave.HasRestarted(stamp);
        var result = slave.Judge(stamp, now);
        if (result != FrameResult.Accepted)
            return result;
        if (restarted)
            slave.Hold();
        var before = slave.Take(stamp, positions, now);
        if (before != SlaveState.Live)
            state.Emit(new RobotEvent(RobotEventKind.SlaveLive, slave.Name));
        if (IsStopped && (restarted || before is SlaveState.Connecting or SlaveState.Failed))
            state.Emit(new Effect.StopDevice(slave.Name));
        if (state.IsEpochInUse && stamp.Epoch != Document.Epoch && slave.MaySend(now))
            BringToEpoch(slave, stamp.Epoch, now);
        return FrameResult.Accepted;
    }

    private void Drive(in Timestamp now, ICommandSink sink)
    {
        if (!IsDriving)
            return;
        if (state.Lease?.Player is { IsHalted: false } player)
        {
            Span<double> pose = stackalloc double[Document.Model.Joints.Length];
            pose.Fill(double.NaN);
            player.Advance(now, pose);
            state.Robot.SetGoals(pose, now);
        }

        if (state.Robot.HasGoal)
        {
            state.Robot.Advance(now);
            slaves.CommandWhereDue(state.Robot.Wanted, state.Robot.Before, Document.Epoch, state.Robot.CapturedAt(now), now, sink);
        }

        if (state.Lease is { Player.IsAtEnd: true } ended && HasArrived(andSettled: true, now))
            masterRequests.EndProgram(ended, RobotEventKind.MotionEnded);
        if (state.ManualSince is { } since)
            KeepSpell(since, now);
    }

    private bool HasArrived(bool andSettled, in Timestamp now) =>
        !state.Robot.HasGoal || (state.Robot.IsSettled && slaves.HaveReached(state.Robot.Wanted, andSettled, now));

    /// <summary>
    /// Rebuilds the robot from what was stored, after a fault. A stop in force stays so, joined slaves stay joined, and open loops begin
    /// where they were last commanded; leases and goals are gone, as the effects of <see cref="Start"/> tell. The host calls that next.
    /// </summary>
    /// <param name="durable">The last document that was made durable.</param>
    public RobotCore Rebuild(RobotDocument durable, bool isFleetStopped, in Timestamp now)
    {
        var next = new RobotCore(BackTo(durable), isFleetStopped, timing);
        if (next.Document.Stopped && !durable.Stopped)
            next.unstoredStop = now;
        next.state.Emit(Ended(durable));
        next.RebuildSlaves(slaves.WithUnbinding(), now);
        next.state.Robot = new VirtualRobot(next.Document.Model, timing, state.Robot);
        return next;
    }

    /// <summary>
    /// Goes back to the durable document, but keeps a latched stop and tries again to store it. A bound device attaches again; a program or
    /// motion has lost its lease.
    /// </summary>
    /// <param name="durable">The last document that was made durable.</param>
    public Decision OnPersistFailed(RobotDocument durable, in Timestamp now)
    {
        if (Document.Stopped && !durable.Stopped)
            unstoredStop = now;
        state.Emit(Ended(durable));
        state.Document = WithoutProgram(BackTo(durable));
        Restore(now);
        state.Lease?.MarkSent(now);
        return state.EndTurn();
    }

    /// <summary>The durable document with what is in force all the same: a stop, and the highest epoch.</summary>
    private RobotDocument BackTo(RobotDocument durable) => durable with
    {
        Stopped = durable.Stopped || Document.Stopped,
        Epoch = Math.Max(durable.Epoch, Document.Epoch),
    };

    /// <summary>The end of what was announced as live and is so no longer.</summary>
    private IEnumerable<Effect> Ended(RobotDocument durable)
    {
        if (TakeDisplaced(durable) is { } lost)
            yield return new RobotEvent(RobotEventKind.MasterLost, lost);
        if (state.IsManual && manualEpoch <= durable.Epoch)
            yield return new RobotEvent(RobotEventKind.ManualEnded, Document.Id);
    }

    private static RobotDocument WithoutProgram(RobotDocument document) =>
        document.Master is { Kind: not MasterKind.Device } ? document with { Master = null } : document;

    private void Restore(in Timestamp now)
    {
        state.Lease = Document.Master is { } master ? new MasterLease(master, timing) : null;
        state.ManualSince = null;
        RebuildSlaves(slaves.WithUnbinding(), now);
    }

    private void RebuildSlaves(SlaveTrack[] before, in Timestamp now)
    {
        slaves.Rebuild(Document, before, now);
        state.Robot = new VirtualRobot(Document.Model, timing, state.Robot);
    }

    /// <summary>The master that was announced as live and, by what could not be stored, no longer is; or null.</summary>
    private string? TakeDisplaced(RobotDocument durable)
    {
        var old = state.Displaced;
        state.Displaced = null;
        if (old is { } taken && taken.Version > durable.Version)
            return taken.Name;
        return state.Lease is { IsHeld: true } live && live.BeganAt <= durable.Epoch ? live.Name : null;
    }

    public RobotSnapshot Snapshot(in Timestamp now)
    {
        var tracks = slaves.Snapshot(IsStopped, now);
        var bound = Document.Slaves.Length;
        return new RobotSnapshot(
            now.Unix,
            Document,
            state.IsFleetStopped,
            state.Lease?.Snapshot(Document.Epoch, now),
            [.. tracks[..bound]],
            [.. tracks[bound..]],
            [.. Enumerable.Range(0, Document.Model.Joints.Length).Select(State)],
            state.IsManual);
    }

    private JointState State(int joint) => slaves.ReaderOf(joint) is { } slave
        ? state.Robot.State(joint, slave.Real[joint], slave.RealAt, slave.OffsetOf(joint))
        : state.Robot.State(joint, null, null, 0);
}
