using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>The epoch: raised at every change of who commands, made durable, then told.</summary>
public sealed partial class RobotCore
{
    /// <summary>Whether commands go out, or may at any time, under the present epoch.</summary>
    private bool IsEpochInUse => lease is { IsOffered: true } || manualSince is not null;

    private void RaiseEpoch(RobotDocument document, in Timestamp now) =>
        Change(document with { Epoch = Epochs.Next(Document.Epoch, now) });

    /// <summary>Tells everyone the epoch just raised.</summary>
    private void Offer(in Timestamp now)
    {
        if (lease is { } master && manualSince is null)
        {
            master.Offer(now);
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
        Offer(now);
    }

    private void Tell(MasterLease master, in Timestamp now)
    {
        master.Told(now);
        if (!master.IsUnfenced)
            Emit(new Effect.StartStream(master.Name, Document.Epoch));
    }

    private void Tell(SlaveTrack slave, in Timestamp now)
    {
        slave.Told(now);
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
            Tell(slave, now);
            return;
        }

        RaiseEpoch(Document, now);
        Offer(now);
    }
}
