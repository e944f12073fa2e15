using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>Frames of devices: a leader's are routed to the slaves, a follower's say where it is.</summary>
public sealed partial class RobotCore
{
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
        var verdict = Take(master, stamp, positions, now);
        if (verdict == FrameResult.Accepted)
            Route(stamp, positions, now, sink);
        decision = EndTurn();
        return master.Frames.Count(verdict);
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
        var verdict = Take(track, stamp, positions, now);
        decision = EndTurn();
        return track.Frames.Count(verdict);
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

        if (!master.IsOffered || (stamp.Epoch != Document.Epoch && !stamp.Unfenced))
            return TakeOtherEpoch(master, stamp.Epoch, now);
        var verdict = master.Judge(stamp, now);
        if (verdict != FrameResult.Accepted)
            return verdict;
        if (master.Renew(stamp, now))
            Emit(new RobotEvent(RobotEventKind.MasterLive, master.Name));
        if (IsStopped)
            return FrameResult.Stopped;
        robot.Follow(positions, stamp.CapturedAt, now);
        return FrameResult.Accepted;
    }

    /// <summary>A frame under no live epoch of ours: brings its source to one, without haste and never frame by frame.</summary>
    private FrameResult TakeOtherEpoch(MasterLease master, uint epoch, in Timestamp now)
    {
        // Epoch 0 under a live lease: the source restarted, and counts its frames from 1 again.
        var attaches = !master.IsOffered || (master.IsLive && epoch == 0) || IsAheadByClock(epoch, now);
        if (master.IsLive && !attaches)
            return FrameResult.StaleEpoch;
        if (!master.MayTell(now))
            return FrameResult.AwaitingEpoch;
        if (attaches)
            Attach(now);
        else
            Tell(master, now);
        return FrameResult.AwaitingEpoch;
    }

    private void Attach(in Timestamp now)
    {
        EndManual();
        foreach (var slave in slaves)
            slave.Hold();
        RaiseEpoch(Document, now);
        Offer(now);
    }

    private void Route(in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now, ICommandSink sink)
    {
        for (var index = 0; index < slaves.Count; index++)
        {
            var slave = slaves[index];
            if (slave.IsCommanded)
                sink.Command(index, slave.Command(positions, robot.Before, Document.Epoch, stamp.CapturedAt, now), slave.Pose);
        }
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
        var verdict = slave.Judge(stamp, now);
        if (verdict != FrameResult.Accepted)
            return verdict;
        if (restarted)
            slave.Hold();
        var before = slave.Take(stamp, positions, now);
        if (before != SlaveState.Live)
            Emit(new RobotEvent(RobotEventKind.SlaveLive, slave.Name));
        if (IsStopped && (restarted || before is SlaveState.Connecting or SlaveState.Failed))
            Emit(new Effect.StopDevice(slave.Name));
        if (IsEpochInUse && stamp.Epoch != Document.Epoch && slave.MayTell(now))
            BringToEpoch(slave, stamp.Epoch, now);
        return FrameResult.Accepted;
    }
}
