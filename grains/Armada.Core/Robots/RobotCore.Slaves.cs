using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>Who executes: slaves that are bound, and guests that join for as long as they are connected.</summary>
public sealed partial class RobotCore
{
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
        UpdateTargets();
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
        slave.Rebind(binding);
        UpdateTargets();
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
        slaves.RemoveAt(index);
        UpdateTargets();
        if (!slave.IsUnbound)
        {
            unbound = slave;
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
            slaves.Add(guest);
            UpdateTargets();
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
        UpdateTargets();
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
        if (robot is { IsDriven: true, IsAimed: false })
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
}
