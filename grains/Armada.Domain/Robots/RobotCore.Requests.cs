using Armada.Domain.Time;

namespace Armada.Domain.Robots;

public sealed partial class RobotCore
{
    /// <summary>Does what is asked, or says why not. Asked again for what is so already, it succeeds again.</summary>
    public Decision Apply(RobotRequest request, in Moment now)
    {
        var refused = request switch
        {
            RobotRequest.BindMaster bind => BindMaster(bind, now),
            RobotRequest.UnbindMaster => UnbindMaster(),
            RobotRequest.BindSlave bind => BindSlave(bind, now),
            RobotRequest.UnbindSlave unbind => UnbindSlave(unbind),
            RobotRequest.Stop => Stop(),
            RobotRequest.Reset => Reset(),
            RobotRequest.FleetStop fleet => FollowFleet(fleet.Stopped),
            RobotRequest.Configure configure => Configure(configure.Model, now),
            _ => new Refusal(RefusalReason.Invalid, $"{request.GetType().Name} is nothing a robot does"),
        };
        var decision = EndTurn();
        return refused is null ? decision : Decision.Refuse(refused.Reason, refused.Text);
    }

    private Refusal? BindMaster(RobotRequest.BindMaster bind, in Moment now)
    {
        if (string.IsNullOrEmpty(bind.Device))
            return new Refusal(RefusalReason.Invalid, "name the device that is to be master");
        var old = lease;
        if (old?.Device == bind.Device)
            return null;
        if (old is not null && !bind.Takeover)
            return new Refusal(
                RefusalReason.MasterHeld, $"{old.Device} is master of {Document.Id}; unbind it or ask for takeover");
        var index = FindSlave(bind.Device);
        if (index >= 0 && !bind.Takeover)
            return Busy(bind.Device, "slave");

        var epoch = Document.Epoch;
        var document = Document with { Master = new MasterBinding(bind.Device) };
        if (index >= 0)
        {
            document = document with { Slaves = document.Slaves.RemoveAt(index) };
            slaves.RemoveAt(index);
        }

        RaiseEpoch(document, now);
        if (old is not null)
            EndMaster(old, epoch);
        lease = new MasterLease(bind.Device, timing);
        foreach (var slave in slaves)
            slave.Hold();
        Offer(lease, now);
        return null;
    }

    private Refusal? UnbindMaster()
    {
        if (lease is not { } master)
            return null;
        Change(Document with { Master = null });
        EndMaster(master, Document.Epoch);
        lease = null;
        foreach (var slave in slaves)
        {
            slave.Hold();
            Emit(new Effect.StopStream(slave.Device, Document.Epoch));
        }

        return null;
    }

    private Refusal? BindSlave(RobotRequest.BindSlave bind, in Moment now)
    {
        if (string.IsNullOrEmpty(bind.Slave.Name))
            return new Refusal(RefusalReason.Invalid, "name the device that is to be slave");
        if (FindSlave(bind.Slave.Name) >= 0)
            return null;
        if (lease?.Device == bind.Slave.Name)
        {
            if (!bind.Takeover)
                return Busy(bind.Slave.Name, "master");
            UnbindMaster();
        }

        if (IsStopped)
            Emit(new Effect.StopDevice(bind.Slave.Name));
        slaves.Add(new SlaveTrack(bind.Slave.Name, Document.Model, timing));
        ChangeUnderLease(Document with { Slaves = Document.Slaves.Add(bind.Slave) }, now);
        return null;
    }

    private Refusal? UnbindSlave(RobotRequest.UnbindSlave unbind)
    {
        var index = FindSlave(unbind.Name);
        if (index < 0)
            return new Refusal(RefusalReason.UnknownSlave, $"{unbind.Name} is no slave of {Document.Id}");
        slaves.RemoveAt(index);
        Change(Document with { Slaves = Document.Slaves.RemoveAt(index) });
        Emit(new Effect.StopStream(unbind.Name, Document.Epoch));
        return null;
    }

    // The stop goes out before the disk is asked: it must not wait for one that is slow or full.
    private Refusal? Stop()
    {
        StopSlaves();
        if (Document.Stopped && unstoredStop is null)
            return null;
        unstoredStop = null;
        Change(Document with { Stopped = true });
        Emit(new Effect.Note(RobotEvent.Stopped, Document.Id));
        return null;
    }

    private Refusal? Reset()
    {
        if (Document.Stopped)
        {
            unstoredStop = null;
            Change(Document with { Stopped = false });
            Emit(new Effect.Note(RobotEvent.Reset, Document.Id));
        }

        ReleaseSlaves();
        return null;
    }

    private Refusal? FollowFleet(bool stopped)
    {
        var changes = fleetStopped != stopped;
        fleetStopped = stopped;
        if (stopped)
            StopSlaves();
        else
            ReleaseSlaves();
        if (changes)
            Emit(new Effect.Note(stopped ? RobotEvent.Stopped : RobotEvent.Reset, Document.Id));
        return null;
    }

    private Refusal? Configure(RobotModel model, in Moment now)
    {
        if (RobotModelRules.FindProblem(model) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (model.Name == Document.Model.Name && model.Joints.AsSpan().SequenceEqual(Document.Model.Joints.AsSpan()))
            return null;
        Document = Document with { Model = model };
        RebuildSlaves();
        ChangeUnderLease(Document, now);
        return null;
    }

    /// <summary>A change that begins a slave's commands anew: where an epoch is in use, they begin under the next one.</summary>
    private void ChangeUnderLease(RobotDocument document, in Moment now)
    {
        if (lease is { IsOffered: true } master)
        {
            RaiseEpoch(document, now);
            Offer(master, now);
        }
        else
        {
            Change(document);
        }
    }

    private void EndMaster(MasterLease master, uint epoch)
    {
        Emit(new Effect.StopStream(master.Device, epoch));
        Emit(new Effect.Note(RobotEvent.MasterUnbound, master.Device));
    }

    private void ReleaseSlaves()
    {
        if (IsStopped)
            return;
        foreach (var slave in slaves)
        {
            slave.Hold();
            Emit(new Effect.ResetDevice(slave.Device));
        }
    }

    private Refusal Busy(string device, string role) =>
        new(RefusalReason.DeviceBusy, $"{device} is {role} of {Document.Id}; unbind it there or ask for takeover");
}
