using System.Collections.Immutable;
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
public sealed partial class RobotCore
{
    private readonly RobotTiming timing;
    private readonly List<Effect> turn = [];
    private readonly List<SlaveTrack> slaves = []; // The bound ones in the document's order, then the guests.
    private MasterLease? lease;
    private VirtualRobot robot;
    private bool fleetStopped;
    private Timestamp? unstoredStop;

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
        Document = WithoutProgram(document.Slaves.IsDefault ? document with { Slaves = [] } : document);
        robot = new VirtualRobot(Document.Model, timing, null);
        Restore(default);
    }

    /// <summary>What must survive a restart, as of the last turn.</summary>
    public RobotDocument Document { get; private set; }

    /// <summary>The slaves by the index that commands are given with: the bound ones, then the guests.</summary>
    public ImmutableArray<SlaveBinding> Targets { get; private set; } = [];

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
            if (!online && master.IsOffered)
                LoseLease(master);
            else if (online && master.IsOffered && !master.IsLive)
                Tell(master, now);
        }

        if (FindSlave(device) is var index and >= 0 && slaves[index].IsFenced && slaves[index].IsOnline != online)
            OnSlavePresence(slaves[index], online, now);
        return EndTurn();
    }

    /// <summary>Index of a slave by its name, or -1. Unbinding and leaving move the indices after it.</summary>
    public int FindSlave(string name) => slaves.FindIndex(slave => slave.Name == name);

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
            Tell(slave, now);
    }

    private void UpdateTargets() => Targets = [.. slaves.Select(slave => slave.Binding)];

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
}
