using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Testing;

namespace Armada.Tests.Agent.Kit;

/// <summary>An emulated SO-101 on a pseudo-terminal, with wire timing.</summary>
public sealed class TestArm : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly double[] pose = new double[6];

    private TestArm(ArmRole role, IHand? hand) => Bus = new EmulatedBus(EmulatedArm.So101(role, hand), folder.File("port"));

    public EmulatedBus Bus { get; }

    public string Port => Bus.Port;

    public static TestArm Leader(IHand hand) => new(ArmRole.Leader, hand);

    public static TestArm Follower() => new(ArmRole.Follower, null);

    /// <summary>Where one joint really is, degrees or percent.</summary>
    public double Joint(int index)
    {
        Bus.Arm.Pose(pose);
        return pose[index];
    }

    /// <summary>Where all joints really are.</summary>
    public double[] Pose()
    {
        Bus.Arm.Pose(pose);
        return [.. pose];
    }

    /// <summary>Whether a servo has torque.</summary>
    public bool HasTorque(byte id) => Bus.Arm.Read(id, Sts3215.TorqueEnable) == 1;

    public void Dispose()
    {
        Bus.Dispose();
        folder.Dispose();
    }
}
