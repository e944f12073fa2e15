using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>The state of a robot that its requests share, and the steps common to them.</summary>
internal sealed class RobotCoreState(RobotDocument document, bool fleetStopped, RobotTiming timing)
{
    private readonly List<Effect> turn = [];

    public RobotTiming Timing => timing;

    public RobotDocument Document { get; set; } = document;

    public SlaveSet Slaves { get; } = new(timing);

    public VirtualRobot Robot { get; set; } = new(document.Model, timing, null);

    public MasterLease? Lease { get; set; }

    public bool IsFleetStopped { get; set; } = fleetStopped;

    /// <summary>The last time at which the goals of manual control were not reached yet.</summary>
    public Timestamp? ManualSince { get; set; }

    /// <summary>The live master that was unbound or replaced, with that version of the document.</summary>
    public (string Name, long Version)? Displaced { get; set; }

    public bool IsStopped => IsFleetStopped || Document.Stopped;

    /// <summary>Whether a manual command is being executed, or was just now.</summary>
    public bool IsManual => ManualSince is not null;

    /// <summary>Whether commands go out, or may at any time, under the present epoch.</summary>
    public bool IsEpochInUse => Lease is { IsAnnounced: true } || ManualSince is not null;

    private double? SourceRateHz => IsManual ? null : Lease?.Rate.SlowHz;

    public void Emit(Effect effect) => turn.Add(effect);

    public void Emit(IEnumerable<Effect> effects) => turn.AddRange(effects);

    public void Change(RobotDocument document)
    {
        Document = document with { Version = Document.Version + 1 };
        Emit(new Effect.Persist(Document));
    }

    public Decision EndTurn()
    {
        if (turn.Count == 0)
            return Decision.Nothing;
        var decision = new Decision(null, turn.ToImmutableArray());
        turn.Clear();
        return decision;
    }

    public void FailSlave(SlaveTrack slave, string reason)
    {
        if (slave.Fail(reason))
            Emit(new RobotEvent(RobotEventKind.SlaveFailed, slave.Name));
    }

    public void Leave(int index, string reason)
    {
        var slave = Slaves[index];
        if (!slave.IsUnbound)
        {
            slave.Leave(reason);
            Emit(new RobotEvent(RobotEventKind.SlaveFailed, slave.Name));
            return;
        }

        Slaves.RemoveAt(index);
        Emit(new RobotEvent(RobotEventKind.SlaveLeft, slave.Name));
    }

    /// <summary>Every slave holds its pose, and devices expect no more commands of this epoch.</summary>
    public void ReleaseStreams()
    {
        foreach (var slave in Slaves)
        {
            slave.Hold();
            if (slave.IsFenced)
                Emit(new Effect.StopStream(slave.Name, Document.Epoch));
        }
    }

    public void StopSlaves()
    {
        foreach (var slave in Slaves)
        {
            slave.Hold();
            if (slave.IsFenced)
                Emit(new Effect.StopDevice(slave.Name));
        }
    }

    public void EndManual()
    {
        if (!IsManual)
            return;
        ManualSince = null;
        Robot.End();
        Emit(new RobotEvent(RobotEventKind.ManualEnded, Document.Id));
    }

    /// <summary>The robot moves by itself from where it really is.</summary>
    public void BeginDrive(in Timestamp now)
    {
        Span<double> real = stackalloc double[Document.Model.Joints.Length];
        Slaves.Measure(real, now);
        Robot.Begin(real, now);
    }

    /// <param name="command">The goals.</param>
    /// <param name="now">The time.</param>
    /// <param name="pace">How long the motion to a goal takes that has no speed or duration; null for as fast as possible.</param>
    public Refusal? SetGoal(JointCommand command, in Timestamp now, TimeSpan? pace = null)
    {
        if (JointCommandRules.FindProblem(command, Document.Id, Document.Model) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        foreach (var goal in command.Goals)
            Robot.SetGoal(Document.Model.Find(goal.Joint), goal.Value, goal.Speed, command.Duration ?? (goal.Speed is null ? pace : null), now);
        return null;
    }

    public void RaiseEpoch(RobotDocument document, in Timestamp now) =>
        Change(document with { Epoch = Epochs.Next(Document.Epoch, now) });

    public void AnnounceEpoch(in Timestamp now)
    {
        if (Lease is { } master && ManualSince is null)
        {
            master.AnnounceEpoch(now);
            if (master is { IsDevice: true, IsUnfenced: false })
                Emit(new Effect.StartStream(master.Name, Document.Epoch));
        }

        foreach (var slave in Slaves)
        {
            slave.BeginEpoch(now);
            if (slave.IsFenced)
                Emit(new Effect.StartStream(slave.Name, Document.Epoch, SourceRateHz));
        }
    }

    /// <summary>Followers are told how long they may wait for a master that is slow.</summary>
    public void AnnounceRate(in Timestamp now)
    {
        foreach (var slave in Slaves)
        {
            if (slave.IsFenced)
                SendEpoch(slave, now);
        }
    }

    /// <summary>Where an epoch is in use, the commands after this change begin under the next one.</summary>
    public void ChangeUnderLease(RobotDocument document, in Timestamp now)
    {
        if (!IsEpochInUse)
        {
            Change(document);
            return;
        }

        RaiseEpoch(document, now);
        AnnounceEpoch(now);
    }

    public void SendEpoch(MasterLease master, in Timestamp now)
    {
        master.MarkSent(now);
        if (!master.IsUnfenced)
            Emit(new Effect.StartStream(master.Name, Document.Epoch));
    }

    public void SendEpoch(SlaveTrack slave, in Timestamp now)
    {
        slave.MarkSent(now);
        Emit(new Effect.StartStream(slave.Name, Document.Epoch, SourceRateHz));
    }

    /// <summary>
    /// Whether a device holds an epoch above ours that the clock has passed by now, as after a robot whose host's clock ran ahead: it
    /// would refuse ours for ever. An absurd epoch is left alone.
    /// </summary>
    public bool IsAheadByClock(uint epoch, in Timestamp now) => epoch > Document.Epoch && Epochs.Next(Document.Epoch, now) > epoch;

    public Refusal? StoppedRefusal() => !IsStopped ? null : new Refusal(
        RefusalReason.Stopped,
        Document.Stopped ? $"{Document.Id} is stopped; reset it first" : "the fleet is stopped; reset it first");

    public Refusal Busy(string device, string role) =>
        new(RefusalReason.DeviceBusy, $"{device} is {role} of {Document.Id}; unbind it there or ask for takeover");

    public static Refusal? Invalid(string? problem) => problem is null ? null : new Refusal(RefusalReason.Invalid, problem);
}
