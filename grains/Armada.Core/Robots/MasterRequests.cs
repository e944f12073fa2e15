using Armada.Core.Motions;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>Requests about the master of a robot: devices are bound, programs attach, motions play.</summary>
internal sealed class MasterRequests(RobotCoreState state)
{
    public Refusal? BindMaster(RobotRequest.BindMaster bind, in Timestamp now)
    {
        if (Obstacle(bind) is { } obstacle)
            return obstacle;
        if (IsMaster(bind.Device))
            return null;
        var binding = new MasterBinding(bind.Device);
        var document = state.Document;
        if (state.Slaves.Find(bind.Device) is var index and >= 0)
        {
            document = document with { Slaves = document.Slaves.RemoveAt(index) };
            state.Slaves.RemoveAt(index);
        }

        Replace(document with { Master = binding }, new MasterLease(binding, state.Timing), now);
        state.Robot.End();
        return null;
    }

    public Refusal? Obstacle(RobotRequest.BindMaster bind)
    {
        if (string.IsNullOrEmpty(bind.Device))
            return new Refusal(RefusalReason.Invalid, "name the device that is to be master");
        if (IsMaster(bind.Device))
            return null;
        if (Held(bind.Takeover) is { } held)
            return held;
        if (state.Slaves.Find(bind.Device) is not (>= 0 and var index))
            return null;
        return !state.Slaves[index].Binding.IsDevice
            ? new Refusal(RefusalReason.NameTaken, $"{bind.Device} is a slave of {state.Document.Id} and no device; unbind it first")
            : bind.Takeover ? null : state.Busy(bind.Device, "slave");
    }

    public bool IsMaster(string device) => state.Lease is { IsDevice: true } master && master.Name == device;

    public Refusal? AttachRemote(RobotRequest.AttachRemote attach, in Timestamp now)
    {
        if (SlaveRules.FindProblem(attach.Name) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (state.Lease is { Kind: MasterKind.Remote } same && same.Name == attach.Name && same.Holder == attach.Holder)
        {
            same.Renew(now);
            return null;
        }

        if (Held(attach.Takeover) is { } held)
            return held;
        if (state.Slaves.Find(attach.Name) is var index and >= 0)
        {
            if (!state.Slaves[index].IsJoined)
                return new Refusal(RefusalReason.NameTaken, $"{attach.Name} is a slave of {state.Document.Id}");
            state.Leave(index, "commands the robot now");
        }

        BeginProgram(new MasterLease(new MasterBinding(attach.Name, MasterKind.Remote), state.Timing) { Holder = attach.Holder }, now);
        return null;
    }

    public Refusal? DetachRemote(RobotRequest.DetachRemote detach)
    {
        if (state.Lease is { Kind: MasterKind.Remote, Holder: null } master && master.Name == detach.Name)
            EndProgram(master, RobotEventKind.MasterUnbound);
        return null;
    }

    public Refusal? RenewLease(RobotRequest.RenewLease beat, in Timestamp now)
    {
        if (NotHolder(beat.Name, beat.Epoch, beat.Holder, out var master) is { } refused)
            return refused;
        master!.Renew(now);
        return null;
    }

    public Refusal? RemoteCommand(RobotRequest.RemoteCommand command, in Timestamp now)
    {
        if (NotHolder(command.Name, command.Epoch, command.Holder, out var master) is { } refused)
            return refused;
        master!.Arrived(now);
        master.Renew(now);
        return state.StoppedRefusal() ?? state.SetGoal(command.Command, now, master.Pace.Next(now));
    }

    public Refusal? Play(RobotRequest.Play play, in Timestamp now)
    {
        if (state.StoppedRefusal() is { } stopped)
            return stopped;
        if (!play.Motion.TryFit(state.Document.Model, out var track, out var misfit))
            return new Refusal(RefusalReason.Invalid, misfit);
        if (!play.Takeover && state.Lease is { Kind: MasterKind.Sequence, Player: { } same } playing
            && playing.Name == play.Motion.Name && same.Loop == play.Loop)
            return null;
        if (Held(play.Takeover) is { } held)
            return held;
        var player = new MotionPlayer(track, play.Loop, state.Timing.MaxStep);
        BeginProgram(new MasterLease(new MasterBinding(play.Motion.Name, MasterKind.Sequence), state.Timing) { Player = player }, now);
        if (!play.Loop)
            player.Begin(state.Robot.Pose); // A loop begins where it ends.
        return null;
    }

    public Refusal? ControlPlayback(RobotRequest.ControlPlayback steer)
    {
        if (state.Lease?.Player is not { } player)
            return new Refusal(RefusalReason.NothingPlays, $"no motion is master of {state.Document.Id}");
        if (steer.Paused == false && state.StoppedRefusal() is { } stopped)
            return stopped;
        if (steer.Position is { } position && !player.TrySeek(position))
        {
            var end = player.Snapshot().Duration.TotalMilliseconds;
            return new Refusal(RefusalReason.Invalid, $"{state.Lease.Name} has positions from 0 to {end} ms");
        }

        if (steer.Paused == true)
            player.Pause();
        else if (steer.Paused == false)
            player.Resume();
        return null;
    }

    public Refusal? UnbindMaster()
    {
        if (state.Lease is not { } master)
            return null;
        if (!master.IsDevice)
        {
            EndProgram(master, RobotEventKind.MasterUnbound);
            return null;
        }

        state.Change(state.Document with { Master = null });
        if (master.IsHeld)
            state.Displaced = (master.Name, state.Document.Version);
        EndMaster(master, state.Document.Epoch, null);
        state.Lease = null;
        if (!state.IsManual)
            state.ReleaseStreams();
        return null;
    }

    private void BeginProgram(MasterLease program, in Timestamp now)
    {
        Replace(state.Document with { Master = new MasterBinding(program.Name, program.Kind) }, program, now);
        program.Begin(state.Document.Epoch, now);
        state.Emit(new RobotEvent(RobotEventKind.MasterLive, program.Name));
        state.BeginDrive(now);
    }

    /// <summary>Puts a new master in the place of the old one or of manual control, under a new epoch.</summary>
    private void Replace(RobotDocument document, MasterLease next, in Timestamp now)
    {
        var (old, epoch) = (state.Lease, state.Document.Epoch);
        state.EndManual();
        state.RaiseEpoch(document, now);
        if (old is { IsHeld: true })
            state.Displaced = (old.Name, state.Document.Version);
        if (old is not null)
            EndMaster(old, epoch, next.Name);
        state.Lease = next;
        state.Slaves.Hold();
        state.AnnounceEpoch(now);
    }

    public void EndProgram(MasterLease program, RobotEventKind why)
    {
        state.Lease = null;
        state.Robot.End();
        state.ReleaseStreams();
        state.Emit(new RobotEvent(why, program.Name)); // Told before the disk is asked, as a stop is.
        state.Change(state.Document with { Master = null });
    }

    private void EndMaster(MasterLease master, uint epoch, string? by)
    {
        if (master.IsDevice)
            state.Emit(new Effect.StopStream(master.Name, epoch));
        state.Emit(new RobotEvent(by is null ? RobotEventKind.MasterUnbound : RobotEventKind.MasterReplaced, master.Name, by));
    }

    private Refusal? Held(bool takeover) => state.Lease is { } holder && !takeover
        ? new Refusal(RefusalReason.MasterHeld, $"{holder.Name} is master of {state.Document.Id}; unbind it or ask for takeover")
        : null;

    private Refusal? NotHolder(string name, uint epoch, string? behind, out MasterLease? master)
    {
        master = state.Lease;
        if (state.Lease is { Kind: MasterKind.Remote } holder && holder.Name == name && holder.BeganAt == epoch && holder.Holder == behind)
            return null;
        var text = state.Lease is null ? $"{name} is not master of {state.Document.Id}; nobody is"
            : state.Lease.Name == name && state.Lease.Holder != behind ? $"you did not attach {name} to {state.Document.Id}; another did"
            : state.Lease.Name == name ? $"{name} is master of {state.Document.Id} under another epoch than {epoch}"
            : $"{name} is not master of {state.Document.Id}; {state.Lease.Name} is";
        return new Refusal(RefusalReason.NotMaster, text);
    }
}
