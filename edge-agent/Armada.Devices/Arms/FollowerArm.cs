using Armada.Devices.Calibration;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;

namespace Armada.Devices.Arms;

/// <summary>An arm that is driven. Its torque goes on only after its goal is where it stands.</summary>
public sealed class FollowerArm(FeetechBus bus, ArmCalibration calibration) : ServoArm(bus, calibration)
{
    private readonly int[] goals = new int[ArmJoint.Count];
    private readonly byte[] goalIds = new byte[ArmJoint.Count];
    private readonly byte[] goalData = new byte[ArmJoint.Count * 2];
    private readonly byte[] torques = new byte[ArmJoint.Count];
    private readonly ServoAnswer[] answers = new ServoAnswer[ArmJoint.Count];

    /// <summary>
    /// Drives the joints that are ready, in one frame. Goals are clamped to the calibrated range; the goals of a start are the
    /// pose in which the arm stood.
    /// </summary>
    /// <param name="goals">Six values, degrees and percent; NaN keeps the last goal.</param>
    /// <param name="cancellation">Ends the wait for the driver.</param>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public void WriteGoals(ReadOnlySpan<double> goals, CancellationToken cancellation)
    {
        var count = 0;
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            if (!Ready.Contains(joint))
                continue;
            if (!double.IsNaN(goals[joint]))
                this.goals[joint] = ToSteps(joint, goals[joint]);
            goalIds[count] = ArmJoint.All[joint].Id;
            Sts3215.GoalPosition.Encode(this.goals[joint], goalData.AsSpan(2 * count));
            count++;
        }

        if (count > 0)
            Bus.SyncWrite(Sts3215.GoalPosition.Address, 2, goalIds.AsSpan(0, count), goalData.AsSpan(0, 2 * count), cancellation);
    }

    /// <summary>The last goals, in degrees and percent; NaN for joints that are not ready.</summary>
    public void CopyGoals(Span<double> goals)
    {
        for (var joint = 0; joint < ArmJoint.Count; joint++)
            goals[joint] = Ready.Contains(joint) ? ToUnits(joint, this.goals[joint]) : double.NaN;
    }

    /// <summary>
    /// Reads which ready joints have lost their torque, as a power dip leaves them: <see cref="ServoArm.Start"/> is due. A servo
    /// that does not answer is not counted among them.
    /// </summary>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public JointSet ReadTorqueLost(CancellationToken cancellation)
    {
        Bus.SyncRead(Sts3215.TorqueEnable.Address, Sts3215.TorqueEnable.Size, Ids, torques, answers, cancellation);
        var lost = default(JointSet);
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            if (Ready.Contains(joint) && answers[joint].IsOk && torques[joint] == 0)
                lost = lost.With(joint);
        }

        return lost;
    }

    private protected override bool SetUp(int joint, ServoErrors errors, CancellationToken cancellation)
    {
        var id = ArmJoint.All[joint].Id;
        // A latched overload leaves when torque is cycled.
        var latched = (errors & ServoErrors.Overload) != 0;
        return (!latched || Bus.Write(id, Sts3215.TorqueEnable, 0, cancellation).IsOk)
            && ServoSettings.Configure(Bus, ArmJoint.All[joint], ArmRole.Follower, cancellation)
            && HoldWhereItStands(joint, id, cancellation);
    }

    private bool HoldWhereItStands(int joint, byte id, CancellationToken cancellation)
    {
        var present = Bus.Read(id, Sts3215.PresentPosition, cancellation);
        if (!present.IsOk || !Bus.Write(id, Sts3215.GoalPosition, present.Value, cancellation).IsOk)
            return false;
        goals[joint] = present.Value;
        return Bus.Write(id, Sts3215.TorqueEnable, 1, cancellation).IsOk;
    }

    private int ToSteps(int joint, double goal)
    {
        var calibration = Calibration.Joints[joint];
        return calibration.Clamp(calibration.Denormalize(goal, ArmJoint.All[joint].Scale));
    }
}
