using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>The operator's panel: a spell under an epoch of its own, which yields to any master.</summary>
public sealed partial class RobotCore
{
    private Timestamp? manualSince; // The last time at which the panel's goals were not reached yet.
    private uint manualEpoch;

    /// <summary>Whether the panel's last command is being executed, or was just now.</summary>
    private bool IsManual => manualSince is not null;

    private Refusal? Manual(RobotRequest.Manual manual, in Timestamp now)
    {
        if (lease is { IsHeld: true } master)
        {
            return new Refusal(
                RefusalReason.PanelLocked, $"{master.Name} is master of {Document.Id}; manual control is locked until it is detached");
        }

        if ((StoppedRefusal() ?? Invalid(FindProblem(manual.Command))) is { } refused)
            return refused;
        if (!IsManual)
        {
            lease?.Lose();
            manualSince = now;
            foreach (var slave in slaves)
                slave.Hold();
            RaiseEpoch(Document, now);
            manualEpoch = Document.Epoch;
            Emit(new RobotEvent(RobotEventKind.ManualBegan, Document.Id));
            Offer(now);
            BeginDrive(now);
        }

        manualSince = now;
        return Aim(manual.Command, now);
    }

    /// <summary>The panel keeps the slaves for a while after they have arrived.</summary>
    private void KeepSpell(in Timestamp since, in Timestamp now)
    {
        if (!HasArrived())
        {
            manualSince = now;
        }
        else if (now.IsPast(since, timing.ManualSpell))
        {
            EndSpell();
        }
    }

    /// <summary>Nobody takes the panel's place: the slaves hold.</summary>
    private void EndSpell()
    {
        if (!IsManual)
            return;
        EndManual();
        ReleaseStreams();
    }

    private void EndManual()
    {
        if (!IsManual)
            return;
        manualSince = null;
        robot.End();
        Emit(new RobotEvent(RobotEventKind.ManualEnded, Document.Id));
    }
}
