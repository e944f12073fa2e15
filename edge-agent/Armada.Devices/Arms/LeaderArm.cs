using Armada.Devices.Calibration;
using Armada.Devices.ServoBus;

namespace Armada.Devices.Arms;

/// <summary>An arm that is moved by hand: its servos are read, their torque is off.</summary>
public sealed class LeaderArm(FeetechBus bus, ArmCalibration calibration) : ServoArm(bus, calibration)
{
    private protected override bool SetUp(int joint, ServoErrors errors, CancellationToken cancellation) =>
        Bus.Write(ArmJoint.All[joint].Id, Sts3215.TorqueEnable, 0, cancellation).IsOk
        && ServoSettings.Configure(Bus, ArmJoint.All[joint], ArmRole.Leader, cancellation);
}
