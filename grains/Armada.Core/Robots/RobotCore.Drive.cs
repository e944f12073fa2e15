using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>Motion of the robot's own, for sources that command now and then: programs, stored motions, the panel.</summary>
public sealed partial class RobotCore
{
    private double[] realPose = [];

    private void Drive(in Timestamp now, ICommandSink sink)
    {
        if (!IsDriving)
            return;
        if (lease?.Player is { IsHalted: false } player)
        {
            Span<double> pose = stackalloc double[Document.Model.Joints.Length];
            pose.Fill(double.NaN);
            player.Advance(now, pose);
            robot.AimAll(pose, now);
        }

        if (robot.IsAimed)
        {
            robot.Advance(now);
            Send(now, sink);
        }

        if (lease is { Player.IsAtEnd: true } ended && HasArrived())
            EndProgram(ended, RobotEventKind.MotionEnded);
        if (manualSince is { } since)
            KeepSpell(since, now);
    }

    private void Send(in Timestamp now, ICommandSink sink)
    {
        for (var index = 0; index < slaves.Count; index++)
        {
            var slave = slaves[index];
            if (slave.IsCommanded && (!slave.HasReached(robot.Wanted) || slave.IsKeepAliveDue(now)))
                sink.Command(index, slave.Command(robot.Wanted, robot.Before, Document.Epoch, now.Unix, now), slave.Pose);
        }
    }

    private bool HasArrived()
    {
        if (!robot.IsAimed)
            return true;
        if (!robot.IsSettled)
            return false;
        foreach (var slave in slaves)
        {
            if (slave.IsCommanded && !slave.HasReached(robot.Wanted))
                return false;
        }

        return true;
    }

    /// <summary>The robot moves by itself from where it really is.</summary>
    private void BeginDrive(in Timestamp now)
    {
        realPose.AsSpan().Fill(double.NaN);
        foreach (var slave in slaves)
        {
            for (var joint = 0; joint < realPose.Length; joint++)
            {
                if (slave.IsCommanded && !double.IsFinite(realPose[joint]))
                    realPose[joint] = slave.MeasuredOf(joint, now);
            }
        }

        robot.Begin(realPose, now);
    }

    private Refusal? Aim(JointCommand command, in Timestamp now)
    {
        if (FindProblem(command) is { } problem)
            return new Refusal(RefusalReason.Invalid, problem);
        foreach (var goal in command.Goals)
            robot.Aim(Document.Model.Find(goal.Joint), goal.Value, goal.Speed, command.Duration, now);
        return null;
    }

    private string? FindProblem(JointCommand command)
    {
        if (command.Goals.IsDefaultOrEmpty || command.Goals.Length > RobotModelRules.MaxJoints)
            return $"a command has 1 to {RobotModelRules.MaxJoints} joints";
        if (command.Duration is { } time && (time < TimeSpan.Zero || time > MaxDuration))
            return $"a command's duration is 0 to {MaxDuration.TotalSeconds} s";
        var named = 0u; // One bit a joint.
        foreach (var goal in command.Goals)
        {
            var joint = Document.Model.Find(goal.Joint);
            if (joint < 0)
                return $"{Document.Id} has no joint '{goal.Joint}'; it has {string.Join(", ", Document.Model.Joints.Select(joint => joint.Name))}";
            if ((named & (1u << joint)) != 0)
                return $"{goal.Joint} is in the command twice";
            named |= 1u << joint;
            if (!double.IsFinite(goal.Value))
                return $"{goal.Joint}: the value must be a number";
            if (goal.Speed is { } speed && !(speed > 0 && double.IsFinite(speed)))
                return $"{goal.Joint}: the speed must be above 0";
        }

        return null;
    }
}
