using System.Collections.Immutable;
using Armada.Domain.Routing;
using Armada.Domain.Time;

namespace Armada.Domain.Robots;

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
    private readonly List<SlaveTrack> slaves = [];
    private MasterLease? lease;
    private double[] wanted = [];
    private long? wantedAt;
    private bool fleetStopped;
    private Moment? unstoredStop;

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
        Document = document.Slaves.IsDefault ? document with { Slaves = [] } : document;
        Rebuild();
    }

    /// <summary>What must survive a restart, as of the last turn.</summary>
    public RobotDocument Document { get; private set; }

    /// <summary>Whether a stop is latched, the robot's own or the fleet's.</summary>
    public bool IsStopped => fleetStopped || Document.Stopped;

    /// <summary>After a load: sends a latched stop to the slaves again.</summary>
    public Decision Start()
    {
        if (IsStopped)
            StopSlaves();
        return EndTurn();
    }

    /// <summary>Lets time pass: leases run out, slaves lag and fail. To be called every 50 to 100 ms.</summary>
    public Decision Tick(in Moment now)
    {
        ExpireLease(now);
        foreach (var slave in slaves)
        {
            if (slave.Tick(now))
                Emit(new Effect.Note(slave.State == SlaveState.Failed ? RobotEvent.SlaveFailed : RobotEvent.SlaveLagging, slave.Device));
        }

        if (unstoredStop is { } tried && now.IsPast(tried, timing.StreamRetry))
        {
            unstoredStop = null;
            Change(Document);
        }

        return EndTurn();
    }

    /// <summary>A device's presence. Told again of what it knows already, the core does nothing.</summary>
    /// <param name="device">Device name; one that is not bound here is ignored.</param>
    /// <param name="online">False with the last will.</param>
    /// <param name="now">When it came.</param>
    public Decision OnPresence(string device, bool online, in Moment now)
    {
        if (lease is { } master && master.Device == device && master.IsOnline != online)
        {
            master.IsOnline = online;
            if (!online && master.IsOffered)
                LoseLease(master);
            else if (online && master.IsOffered && !master.IsLive)
                Tell(master, now);
        }

        if (FindSlave(device) is var index and >= 0 && slaves[index].IsOnline != online)
            OnSlavePresence(slaves[index], online, now);
        return EndTurn();
    }

    /// <summary>
    /// The document could not be made durable: goes back to the one that is, but keeps a stop that was latched and tries again to
    /// store it. A bound master attaches anew.
    /// </summary>
    /// <param name="durable">The last document that was made durable.</param>
    /// <param name="now">The turn's time.</param>
    public Decision OnPersistFailed(RobotDocument durable, in Moment now)
    {
        if (Document.Stopped && !durable.Stopped)
            unstoredStop = now;
        Document = durable with
        {
            Stopped = durable.Stopped || Document.Stopped,
            Epoch = Math.Max(durable.Epoch, Document.Epoch),
        };
        Rebuild();
        lease?.Told(now);
        return EndTurn();
    }

    /// <summary>Index of a device among the slaves, or -1. Unbinding moves the indices after it.</summary>
    public int FindSlave(string device) => slaves.FindIndex(slave => slave.Device == device);

    private void OnSlavePresence(SlaveTrack slave, bool online, in Moment now)
    {
        slave.IsOnline = online;
        if (!online)
        {
            FailSlave(slave, "offline");
            return;
        }

        if (IsStopped)
            Emit(new Effect.StopDevice(slave.Device));
        if (lease is { IsOffered: true })
            Tell(slave, now);
    }

    private void Rebuild()
    {
        lease = Document.Master is { } master ? new MasterLease(master.Name, timing) : null;
        RebuildSlaves();
    }

    private void RebuildSlaves()
    {
        slaves.Clear();
        foreach (var slave in Document.Slaves)
            slaves.Add(new SlaveTrack(slave.Name, Document.Model, timing));
        wanted = new double[Document.Model.Joints.Length];
        wanted.AsSpan().Fill(double.NaN);
        wantedAt = null;
    }

    private void ExpireLease(in Moment now)
    {
        if (lease is { } master && master.IsExpired(now))
            LoseLease(master);
    }

    private void LoseLease(MasterLease master)
    {
        master.Lose();
        foreach (var slave in slaves)
        {
            slave.Hold();
            Emit(new Effect.StopStream(slave.Device, Document.Epoch));
        }

        Emit(new Effect.Note(RobotEvent.MasterLost, master.Device));
    }

    private void FailSlave(SlaveTrack slave, string reason)
    {
        if (slave.Fail(reason))
            Emit(new Effect.Note(RobotEvent.SlaveFailed, slave.Device));
    }

    private void StopSlaves()
    {
        foreach (var slave in slaves)
        {
            slave.Hold();
            Emit(new Effect.StopDevice(slave.Device));
        }
    }

    private void RaiseEpoch(RobotDocument document, in Moment now) =>
        Change(document with { Epoch = Epochs.Next(Document.Epoch, now) });

    private void Change(RobotDocument document)
    {
        Document = document with { Version = Document.Version + 1 };
        Emit(new Effect.Persist(Document));
    }

    /// <summary>Tells everyone the epoch just raised.</summary>
    private void Offer(MasterLease master, in Moment now)
    {
        master.Offer(now);
        Emit(new Effect.StartStream(master.Device, Document.Epoch));
        foreach (var slave in slaves)
        {
            slave.BeginEpoch(now);
            Emit(new Effect.StartStream(slave.Device, Document.Epoch));
        }
    }

    private void Tell(MasterLease master, in Moment now)
    {
        master.Told(now);
        Emit(new Effect.StartStream(master.Device, Document.Epoch));
    }

    private void Tell(SlaveTrack slave, in Moment now)
    {
        slave.Told(now);
        Emit(new Effect.StartStream(slave.Device, Document.Epoch));
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
