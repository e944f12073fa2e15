using Armada.Grains.Robots;

namespace Armada.Silo.Engine;

/// <summary>Changes of master that follow from frames, silence or a motion's end, in the audit trail.</summary>
internal sealed class RobotAudit(IAuditTrail trail) : IRobotAudit
{
    public void Record(string robot, RobotEvent note)
    {
        var what = note.Kind switch
        {
            RobotEventKind.MasterLive => "master-live",
            RobotEventKind.MasterLost => "master-lost",
            RobotEventKind.MasterUnbound => "master-left",
            RobotEventKind.MasterReplaced => "master-replaced",
            RobotEventKind.MotionEnded => "motion-ended",
            _ => null,
        };
        if (what is not null)
            trail.Record(Caller.Silo, what, robot, note.By is null ? note.Subject : $"{note.Subject} by {note.By}");
    }
}
