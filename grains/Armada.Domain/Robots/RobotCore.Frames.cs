using Armada.Domain.Routing;
using Armada.Domain.Time;

namespace Armada.Domain.Robots;

public sealed partial class RobotCore
{
    /// <summary>A state frame of the bound master.</summary>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="positions">Joint positions; NaN where there is no reading.</param>
    /// <param name="now">When it came.</param>
    /// <param name="sink">Takes the command of each slave, before this returns.</param>
    /// <param name="decision"><see cref="Decision.Nothing"/> in steady state.</param>
    /// <returns>What became of it; counted already.</returns>
    public Verdict OnMasterFrame(
        in SampleStamp stamp, ReadOnlySpan<double> positions, in Moment now, ICommandSink sink, out Decision decision)
    {
        decision = Decision.Nothing;
        if (lease is not { } master)
            return Verdict.NotBound;
        master.Arrived(now);
        ExpireLease(now);
        var verdict = Take(master, stamp, positions, now);
        if (verdict == Verdict.Accepted)
            Route(stamp, positions, now, sink);
        decision = EndTurn();
        return master.Frames.Count(verdict);
    }

    /// <summary>A state frame of a slave.</summary>
    /// <param name="slave">Index in the document's slaves as of this turn; see <see cref="FindSlave"/>.</param>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="positions">Joint positions; NaN where there is no reading.</param>
    /// <param name="now">When it came.</param>
    /// <param name="decision"><see cref="Decision.Nothing"/> in steady state.</param>
    /// <returns>What became of it; counted already.</returns>
    public Verdict OnSlaveFrame(
        int slave, in SampleStamp stamp, ReadOnlySpan<double> positions, in Moment now, out Decision decision)
    {
        decision = Decision.Nothing;
        if ((uint)slave >= (uint)slaves.Count)
            return Verdict.NotBound;
        var track = slaves[slave];
        track.Arrived(now);
        var verdict = Take(track, stamp, positions, now);
        decision = EndTurn();
        return track.Frames.Count(verdict);
    }

    private Verdict Take(MasterLease master, in SampleStamp stamp, ReadOnlySpan<double> positions, in Moment now)
    {
        if (positions.Length != wanted.Length)
            return Verdict.WrongJoints;
        if (!master.IsOffered || stamp.Epoch != Document.Epoch)
            return TakeOtherEpoch(master, stamp.Epoch, now);
        var verdict = master.Judge(stamp, now);
        if (verdict != Verdict.Accepted)
            return verdict;
        if (master.Renew(stamp, now))
            Emit(new Effect.Note(RobotEvent.MasterLive, master.Device));
        if (IsStopped)
            return Verdict.Stopped;
        for (var joint = 0; joint < wanted.Length; joint++)
        {
            if (double.IsFinite(positions[joint]))
                wanted[joint] = positions[joint];
        }

        wantedAt = stamp.CapturedAt;
        return Verdict.Accepted;
    }

    /// <summary>A frame under no live epoch of ours: brings its source to one, without haste and never frame by frame.</summary>
    private Verdict TakeOtherEpoch(MasterLease master, uint epoch, in Moment now)
    {
        // Epoch 0 under a live lease: the source restarted, and counts its frames from 1 again.
        var attaches = !master.IsOffered || (master.IsLive && epoch == 0) || IsAheadByClock(epoch, now);
        if (master.IsLive && !attaches)
            return Verdict.StaleEpoch;
        if (!master.MayTell(now))
            return Verdict.AwaitingEpoch;
        if (attaches)
            Attach(master, now);
        else
            Tell(master, now);
        return Verdict.AwaitingEpoch;
    }

    private void Attach(MasterLease master, in Moment now)
    {
        foreach (var slave in slaves)
            slave.Hold();
        RaiseEpoch(Document, now);
        Offer(master, now);
    }

    /// <summary>
    /// Whether a device holds an epoch above ours that the clock has passed by now, as one does that comes from a robot whose host's
    /// clock runs ahead. It would refuse ours for ever. One that holds an absurd epoch is left alone.
    /// </summary>
    private bool IsAheadByClock(uint epoch, in Moment now) => epoch > Document.Epoch && Epochs.Next(Document.Epoch, now) > epoch;

    private void Route(in SampleStamp stamp, ReadOnlySpan<double> positions, in Moment now, ICommandSink sink)
    {
        for (var index = 0; index < slaves.Count; index++)
        {
            var slave = slaves[index];
            if (slave.IsCommanded)
                sink.Command(index, slave.Command(positions, Document.Epoch, stamp.CapturedAt, now), slave.Pose);
        }
    }

    private Verdict Take(SlaveTrack slave, in SampleStamp stamp, ReadOnlySpan<double> positions, in Moment now)
    {
        if (positions.Length != wanted.Length)
        {
            if (slave.IsNewMisfit(positions.Length))
                FailSlave(slave, $"{slave.Device} has {positions.Length} joints, {Document.Id} has {wanted.Length}");
            return Verdict.WrongJoints;
        }

        var restarted = slave.HasRestarted(stamp.Epoch);
        var verdict = slave.Judge(stamp, now);
        if (verdict != Verdict.Accepted)
            return verdict;
        if (restarted)
            slave.Hold();
        var before = slave.Take(stamp, positions, now);
        if (before != SlaveState.Live)
            Emit(new Effect.Note(RobotEvent.SlaveLive, slave.Device));
        if (IsStopped && (restarted || before is SlaveState.Connecting or SlaveState.Failed))
            Emit(new Effect.StopDevice(slave.Device));
        if (lease is { IsOffered: true } master && stamp.Epoch != Document.Epoch && slave.MayTell(now))
            BringToEpoch(slave, master, stamp.Epoch, now);
        return Verdict.Accepted;
    }

    private void BringToEpoch(SlaveTrack slave, MasterLease master, uint epoch, in Moment now)
    {
        if (!IsAheadByClock(epoch, now))
        {
            Tell(slave, now);
            return;
        }

        RaiseEpoch(Document, now);
        Offer(master, now);
    }
}
