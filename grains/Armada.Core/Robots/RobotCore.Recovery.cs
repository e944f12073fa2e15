using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>Going back to what is durable, after a write that failed or a fault.</summary>
public sealed partial class RobotCore
{
    private (string Name, long Version)? displaced; // The live master that was unbound or replaced with that version of the document.
    private SlaveTrack? unbound; // Still there if its going cannot be stored.

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
        next.RebuildSlaves(Tracks(), now);
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
        lease?.Told(now);
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
        RebuildSlaves(Tracks(), now);
        unbound = null;
    }

    /// <summary>Every slave anew, and the virtual robot; those that a connected party fills stay filled.</summary>
    private void RebuildSlaves(IReadOnlyList<SlaveTrack> before, in Timestamp now)
    {
        slaves.Clear();
        foreach (var binding in Document.Slaves)
            Add(binding, isUnbound: false, before.FirstOrDefault(slave => slave.Name == binding.Name), now);
        foreach (var guest in before.Where(slave => slave is { IsUnbound: true, IsJoined: true }))
            Add(guest.Binding, isUnbound: true, guest, now);
        robot = new VirtualRobot(Document.Model, timing, robot);
        realPose = new double[Document.Model.Joints.Length];
        UpdateTargets();
    }

    private void Add(SlaveBinding binding, bool isUnbound, SlaveTrack? before, in Timestamp now)
    {
        var slave = new SlaveTrack(binding, isUnbound, Document.Model, timing);
        if (before is not null)
            slave.Succeed(before, now);
        slaves.Add(slave);
    }

    private SlaveTrack[] Tracks() => unbound is null ? [.. slaves] : [.. slaves, unbound];

    /// <summary>The master that was told to live and, of what could not be stored, no longer does; or null.</summary>
    private string? TakeDisplaced(RobotDocument durable)
    {
        var old = displaced;
        displaced = null;
        if (old is { } taken && taken.Version > durable.Version)
            return taken.Name;
        return lease is { IsHeld: true } live && live.BeganAt <= durable.Epoch ? live.Name : null;
    }
}
