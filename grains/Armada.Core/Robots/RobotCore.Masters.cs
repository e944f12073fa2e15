using Armada.Core.Motions;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>Who commands: devices, programs and motions take the lease from each other, and the panel has it when nobody else does.</summary>
public sealed partial class RobotCore
{
    /// <summary>Longest time one command may be given.</summary>
    private static readonly TimeSpan MaxDuration = TimeSpan.FromHours(1);

    private Refusal? BindMaster(RobotRequest.BindMaster bind, in Timestamp now)
    {
        if (Obstacle(bind) is { } obstacle)
            return obstacle;
        if (IsMaster(bind.Device))
            return null;
        var binding = new MasterBinding(bind.Device);
        var document = Document;
        if (FindSlave(bind.Device) is var index and >= 0)
        {
            document = document with { Slaves = document.Slaves.RemoveAt(index) };
            slaves.RemoveAt(index);
            UpdateTargets();
        }

        Replace(document with { Master = binding }, new MasterLease(binding, timing), now);
        robot.End();
        return null;
    }

    private Refusal? Obstacle(RobotRequest.BindMaster bind)
    {
        if (string.IsNullOrEmpty(bind.Device))
            return new Refusal(RefusalReason.Invalid, "name the device that is to be master");
        if (IsMaster(bind.Device))
            return null;
        if (Held(bind.Takeover) is { } held)
            return held;
        if (FindSlave(bind.Device) is not (>= 0 and var index))
            return null;
        return !slaves[index].Binding.IsDevice
            ? new Refusal(RefusalReason.NameTaken, $"{bind.Device} is a slave of {Document.Id} and no device; unbind it first")
            : bind.Takeover ? null : Busy(bind.Device, "slave");
    }

    private bool IsMaster(string device) => lease is { IsDevice: true } master && master.Name == device;

    private Refusal? AttachRemote(RobotRequest.AttachRemote attach, in Timestamp now)
    {
        if (SlaveRules.FindProblem(attach.Name) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (lease is { Kind: MasterKind.Remote } same && same.Name == attach.Name && same.Holder == attach.Holder)
        {
            same.Renew(now);
            return null;
        }

        if (Held(attach.Takeover) is { } held)
            return held;
        if (FindSlave(attach.Name) is var index and >= 0)
        {
            if (!slaves[index].IsJoined)
                return new Refusal(RefusalReason.NameTaken, $"{attach.Name} is a slave of {Document.Id}");
            Leave(index, "commands the robot now");
        }

        BeginProgram(new MasterLease(new MasterBinding(attach.Name, MasterKind.Remote), timing) { Holder = attach.Holder }, now);
        return null;
    }

    private Refusal? DetachRemote(RobotRequest.DetachRemote detach)
    {
        if (lease is { Kind: MasterKind.Remote, Holder: null } master && master.Name == detach.Name)
            EndProgram(master, RobotEventKind.MasterUnbound);
        return null;
    }

    private Refusal? RenewLease(RobotRequest.RenewLease beat, in Timestamp now)
    {
        if (NotHolder(beat.Name, beat.Epoch, beat.Holder, out var master) is { } refused)
            return refused;
        master!.Renew(now);
        return null;
    }

    private Refusal? RemoteCommand(RobotRequest.RemoteCommand command, in Timestamp now)
    {
        if (NotHolder(command.Name, command.Epoch, command.Holder, out var master) is { } refused)
            return refused;
        master!.Arrived(now);
        master.Renew(now);
        return StoppedRefusal() ?? Aim(command.Command, now);
    }

    private Refusal? Play(RobotRequest.Play play, in Timestamp now)
    {
        if (StoppedRefusal() is { } stopped)
            return stopped;
        if (!play.Motion.TryFit(Document.Model, out var track, out var misfit))
            return new Refusal(RefusalReason.Invalid, misfit);
        if (!play.Takeover && lease is { Kind: MasterKind.Sequence, Player: { } same } playing
            && playing.Name == play.Motion.Name && same.Loop == play.Loop)
            return null;
        if (Held(play.Takeover) is { } held)
            return held;
        var player = new MotionPlayer(track, play.Loop, timing.MaxStep);
        BeginProgram(new MasterLease(new MasterBinding(play.Motion.Name, MasterKind.Sequence), timing) { Player = player }, now);
        if (!play.Loop)
            player.Begin(robot.Pose); // A loop begins where it ends.
        return null;
    }

    private Refusal? ControlPlayback(RobotRequest.ControlPlayback steer)
    {
        if (lease?.Player is not { } player)
            return new Refusal(RefusalReason.NothingPlays, $"no motion is master of {Document.Id}");
        if (steer.Paused == false && StoppedRefusal() is { } stopped)
            return stopped;
        if (steer.Position is { } position && !player.TrySeek(position))
        {
            var end = player.Snapshot().Duration.TotalMilliseconds;
            return new Refusal(RefusalReason.Invalid, $"{lease.Name} has positions from 0 to {end} ms");
        }

        if (steer.Paused == true)
            player.Pause();
        else if (steer.Paused == false)
            player.Resume();
        return null;
    }

    private Refusal? UnbindMaster()
    {
        if (lease is not { } master)
            return null;
        if (!master.IsDevice)
        {
            EndProgram(master, RobotEventKind.MasterUnbound);
            return null;
        }

        Change(Document with { Master = null });
        if (master.IsHeld)
            displaced = (master.Name, Document.Version);
        EndMaster(master, Document.Epoch, null);
        lease = null;
        if (!IsManual)
            ReleaseStreams();
        return null;
    }

    private void BeginProgram(MasterLease program, in Timestamp now)
    {
        Replace(Document with { Master = new MasterBinding(program.Name, program.Kind) }, program, now);
        program.Begin(Document.Epoch, now);
        Emit(new RobotEvent(RobotEventKind.MasterLive, program.Name));
        BeginDrive(now);
    }

    /// <summary>A new master in the place of the old one and of the panel, under a new epoch.</summary>
    private void Replace(RobotDocument document, MasterLease next, in Timestamp now)
    {
        var (old, epoch) = (lease, Document.Epoch);
        EndManual();
        RaiseEpoch(document, now);
        if (old is { IsHeld: true })
            displaced = (old.Name, Document.Version);
        if (old is not null)
            EndMaster(old, epoch, next.Name);
        lease = next;
        foreach (var slave in slaves)
            slave.Hold();
        Offer(now);
    }

    private void EndProgram(MasterLease program, RobotEventKind why)
    {
        lease = null;
        robot.End();
        ReleaseStreams();
        Emit(new RobotEvent(why, program.Name)); // Told before the disk is asked, as a stop is.
        Change(Document with { Master = null });
    }

    private void EndMaster(MasterLease master, uint epoch, string? by)
    {
        if (master.IsDevice)
            Emit(new Effect.StopStream(master.Name, epoch));
        Emit(new RobotEvent(by is null ? RobotEventKind.MasterUnbound : RobotEventKind.MasterReplaced, master.Name, by));
    }

    private Refusal? Held(bool takeover) => lease is { } holder && !takeover
        ? new Refusal(RefusalReason.MasterHeld, $"{holder.Name} is master of {Document.Id}; unbind it or ask for takeover")
        : null;

    private Refusal? NotHolder(string name, uint epoch, string? behind, out MasterLease? master)
    {
        master = lease;
        if (lease is { Kind: MasterKind.Remote } holder && holder.Name == name && holder.BeganAt == epoch && holder.Holder == behind)
            return null;
        var text = lease is null ? $"{name} is not master of {Document.Id}; nobody is"
            : lease.Name == name && lease.Holder != behind ? $"you did not attach {name} to {Document.Id}; another did"
            : lease.Name == name ? $"{name} is master of {Document.Id} under another epoch than {epoch}"
            : $"{name} is not master of {Document.Id}; {lease.Name} is";
        return new Refusal(RefusalReason.NotMaster, text);
    }

    private Refusal? StoppedRefusal() => !IsStopped ? null : new Refusal(
        RefusalReason.Stopped,
        Document.Stopped ? $"{Document.Id} is stopped; reset it first" : "the fleet is stopped; reset it first");

    private static Refusal? Invalid(string? problem) => problem is null ? null : new Refusal(RefusalReason.Invalid, problem);
}
