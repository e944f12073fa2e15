using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>What is asked of the robot.</summary>
public sealed partial class RobotCore
{
    /// <summary>Does what is asked, or says why not. Asked again for what is so already, it succeeds again.</summary>
    public Decision Apply(RobotRequest request, in Timestamp now)
    {
        ExpireLease(now);
        var refused = request switch
        {
            RobotRequest.BindMaster bind => BindMaster(bind, now),
            RobotRequest.AttachRemote attach => AttachRemote(attach, now),
            RobotRequest.DetachRemote detach => DetachRemote(detach),
            RobotRequest.RenewLease beat => RenewLease(beat, now),
            RobotRequest.RemoteCommand command => RemoteCommand(command, now),
            RobotRequest.Play play => Play(play, now),
            RobotRequest.ControlPlayback playback => ControlPlayback(playback),
            RobotRequest.Manual manual => Manual(manual, now),
            RobotRequest.UnbindMaster => UnbindMaster(),
            RobotRequest.BindSlave bind => BindSlave(bind, now),
            RobotRequest.UnbindSlave unbind => UnbindSlave(unbind),
            RobotRequest.JoinSlave join => JoinSlave(join, now),
            RobotRequest.LeaveSlave leave => LeaveSlave(leave),
            RobotRequest.SlavePace pace => SlavePace(pace),
            RobotRequest.SlaveReport report => SlaveReport(report, now),
            RobotRequest.Stop => Stop(),
            RobotRequest.Reset => Reset(now),
            RobotRequest.FleetStop fleet => FollowFleet(fleet.Stopped, now),
            RobotRequest.Configure configure => Configure(configure, now),
            _ => new Refusal(RefusalReason.Invalid, $"{request.GetType().Name} is nothing a robot does"),
        };
        var decision = EndTurn();
        return refused is null ? decision : decision with { Refused = refused };
    }

    /// <summary>Whether a binding would be refused as things stand: to be known before another robot gives the device up.</summary>
    public Decision Check(RobotRequest request)
    {
        var obstacle = request switch
        {
            RobotRequest.BindMaster bind => Obstacle(bind),
            RobotRequest.BindSlave bind => Obstacle(bind),
            _ => null,
        };
        return obstacle is null ? Decision.Nothing : new Decision(obstacle, []);
    }

    // The stop goes out before the disk is asked: it must not wait for one that is slow or full.
    private Refusal? Stop()
    {
        StopSlaves();
        StandStill();
        if (Document.Stopped && unstoredStop is null)
            return null;
        unstoredStop = null;
        Change(Document with { Stopped = true });
        Emit(new RobotEvent(RobotEventKind.Stopped, Document.Id));
        return null;
    }

    private Refusal? Reset(in Timestamp now)
    {
        if (Document.Stopped)
        {
            unstoredStop = null;
            Change(Document with { Stopped = false });
            Emit(new RobotEvent(RobotEventKind.Reset, Document.Id));
        }

        ReleaseSlaves(now);
        return null;
    }

    private Refusal? FollowFleet(bool stopped, in Timestamp now)
    {
        var changes = fleetStopped != stopped;
        fleetStopped = stopped;
        if (stopped)
        {
            StopSlaves();
            StandStill();
        }
        else
        {
            ReleaseSlaves(now);
        }

        if (changes)
            Emit(new RobotEvent(stopped ? RobotEventKind.Stopped : RobotEventKind.Reset, Document.Id));
        return null;
    }

    /// <summary>After a stop nothing goes on by itself: a program commands anew, a motion is resumed, the panel's spell is over.</summary>
    private void StandStill()
    {
        EndSpell();
        robot.Hold();
        lease?.Player?.Halt();
    }

    private Refusal? Configure(RobotRequest.Configure configure, in Timestamp now)
    {
        if (configure.IfVersion is { } version && version != Document.Version)
            return new Refusal(RefusalReason.VersionChanged, $"{Document.Id} has version {Document.Version}, not {version}; read it again");
        if (RobotModelRules.FindProblem(configure.Model) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        if (Document.Slaves.Select(slave => SlaveRules.FindProblem(slave, configure.Model)).FirstOrDefault(found => found is not null) is { } misfit)
            return new Refusal(RefusalReason.Invalid, misfit);
        if (configure.Model == Document.Model)
            return null;
        EndSpell();
        var motion = lease is { Player: not null } ? lease : null;
        Document = Document with { Model = configure.Model };
        RebuildSlaves([.. slaves], now);
        if (motion is not null)
            EndProgram(motion, RobotEventKind.MasterUnbound); // It was fitted to the old joints.
        else if (lease is { IsDevice: false })
            BeginDrive(now);
        ChangeUnderLease(Document, now);
        Emit(new RobotEvent(RobotEventKind.Configured, Document.Id));
        return null;
    }
}
