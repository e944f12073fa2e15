using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>Requests about the slaves of a robot: they are bound, join, report and leave.</summary>
internal sealed class SlaveRequests(RobotCoreState state, MasterRequests masters)
{
    public Refusal? BindSlave(RobotRequest.BindSlave bind, in Timestamp now)
    {
        if (Obstacle(bind) is { } obstacle)
            return obstacle;
        var binding = bind.Slave;
        if (state.Slaves.Find(binding.Name) is var index and >= 0)
            return Rebind(state.Slaves[index], index, binding, now);
        if (binding.IsDevice && masters.IsMaster(binding.Name))
            masters.UnbindMaster();

        var slave = new SlaveTrack(binding, isUnbound: false, state.Document.Model, state.Timing);
        if (state.IsStopped && slave.IsFenced)
            state.Emit(new Effect.StopDevice(binding.Name));
        state.Slaves.Insert(state.Document.Slaves.Length, slave);
        Store(slave, state.Document.Slaves.Add(binding), now);
        return null;
    }

    public Refusal? Obstacle(RobotRequest.BindSlave bind)
    {
        var binding = bind.Slave;
        if (SlaveRules.FindProblem(binding, state.Document.Model) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (state.Slaves.Find(binding.Name) is var index and >= 0 && (state.Slaves[index].IsUnbound || state.Slaves[index].Binding.Kind != binding.Kind))
        {
            return new Refusal(
                RefusalReason.NameTaken, $"{binding.Name} is another slave of {state.Document.Id}; choose another name or unbind that one");
        }

        if (state.Lease is { Kind: MasterKind.Remote } program && program.Name == binding.Name)
            return new Refusal(RefusalReason.NameTaken, $"{binding.Name} commands {state.Document.Id} and cannot execute as well");
        return binding.IsDevice && masters.IsMaster(binding.Name) && !bind.Takeover ? state.Busy(binding.Name, "master") : null;
    }

    private Refusal? Rebind(SlaveTrack slave, int index, SlaveBinding binding, in Timestamp now)
    {
        if (slave.Binding == binding)
            return null;
        state.Slaves.Rebind(index, binding);
        Store(slave, state.Document.Slaves.SetItem(index, binding), now);
        return null;
    }

    private void Store(SlaveTrack changed, ImmutableArray<SlaveBinding> slaves, in Timestamp now)
    {
        var document = state.Document with { Slaves = slaves };
        if (changed.IsFenced)
            state.ChangeUnderLease(document, now);
        else
            state.Change(document);
    }

    public Refusal? UnbindSlave(RobotRequest.UnbindSlave unbind)
    {
        if (state.Slaves.Find(unbind.Name) is not (>= 0 and var index))
            return new Refusal(RefusalReason.UnknownSlave, $"{unbind.Name} is no slave of {state.Document.Id}");
        var slave = state.Slaves[index];
        if (slave.IsUnbound)
        {
            state.Slaves.RemoveAt(index);
        }
        else
        {
            state.Slaves.Unbind(index);
            state.Change(state.Document with { Slaves = state.Document.Slaves.RemoveAt(index) });
        }

        if (slave.IsFenced)
            state.Emit(new Effect.StopStream(unbind.Name, state.Document.Epoch));
        state.Emit(new RobotEvent(RobotEventKind.SlaveLeft, unbind.Name));
        return null;
    }

    public Refusal? JoinSlave(RobotRequest.JoinSlave join, in Timestamp now)
    {
        if (SlaveRules.FindProblem(join.Name) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (state.Lease is { Kind: MasterKind.Remote } master && master.Name == join.Name)
            return new Refusal(RefusalReason.NameTaken, $"{join.Name} commands {state.Document.Id} and cannot execute as well");
        if (state.Slaves.Find(join.Name) is var index and >= 0)
        {
            if (state.Slaves[index].Binding.IsDevice)
                return new Refusal(RefusalReason.NameTaken, $"{join.Name} is a device of {state.Document.Id}; choose another name");
            if (state.Slaves[index].IsJoined)
                return null;
            state.Slaves[index].Join(now);
        }
        else
        {
            var unbound = new SlaveTrack(new SlaveBinding(join.Name, SlaveKind.WebSocket), isUnbound: true, state.Document.Model, state.Timing);
            unbound.Join(now);
            state.Slaves.Insert(state.Slaves.Count, unbound);
        }

        state.Emit(new RobotEvent(RobotEventKind.SlaveLive, join.Name));
        return null;
    }

    public Refusal? LeaveSlave(RobotRequest.LeaveSlave leave)
    {
        if (state.Slaves.Find(leave.Name) is not (>= 0 and var index))
            return null;
        if (state.Slaves[index].IsJoined)
            state.Leave(index, leave.Reason);
        else if (state.Slaves[index].Binding.Kind == SlaveKind.Remote)
            state.FailSlave(state.Slaves[index], leave.Reason); // Why it could not join.
        return null;
    }

    public Refusal? SlavePace(RobotRequest.SlavePace pace)
    {
        if (Joined(pace.Name, out var slave) is { } refused)
            return refused;
        if (slave!.Pace(pace.Lagging))
            state.Emit(new RobotEvent(pace.Lagging ? RobotEventKind.SlaveLagging : RobotEventKind.SlaveLive, pace.Name));
        return null;
    }

    public Refusal? SlaveReport(RobotRequest.SlaveReport report, in Timestamp now) =>
        Joined(report.Name, out var slave) ?? RobotCoreState.Invalid(slave!.Report(report.Joints, now));

    private Refusal? Joined(string name, out SlaveTrack? slave)
    {
        slave = state.Slaves.Find(name) is var index and >= 0 && state.Slaves[index].IsJoined ? state.Slaves[index] : null;
        return slave is null ? new Refusal(RefusalReason.UnknownSlave, $"{name} has not joined {state.Document.Id}") : null;
    }
}
