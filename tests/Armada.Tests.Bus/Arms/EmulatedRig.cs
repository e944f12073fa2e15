using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Tests.Bus.Calibration;

namespace Armada.Tests.Bus.Arms;

internal static class ArmStart
{
    public static ArmStartupReport Start(this ServoArm arm, CancellationToken cancellation) =>
        arm.Start(ServoArm.Survey(arm.Bus, cancellation), arm.Calibration, cancellation);
}

/// <summary>An emulated SO-101 on a pseudo-terminal, and a driver that has opened it.</summary>
internal sealed class EmulatedRig : IDisposable
{
    // Machines that run tests are busy: what is late here is not what is tested here.
    private static readonly BusTiming Patient = BusTiming.Default with
    {
        AnswerAllowance = TimeSpan.FromMilliseconds(250),
        SyncAllowance = TimeSpan.FromSeconds(1),
    };

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("armada-arm-");
    private readonly ISerialLink link;

    public EmulatedRig(EmulatedArm arm)
    {
        Arm = arm;
        Emulated = new EmulatedBus(arm, Path.Combine(folder.FullName, "arm"), wireTiming: false);
        link = SerialPorts.Create().Open(Emulated.Port, 1_000_000);
        Bus = new FeetechBus(link, Patient);
    }

    public EmulatedArm Arm { get; }

    public EmulatedBus Emulated { get; }

    public FeetechBus Bus { get; }

    /// <summary>A follower with the calibration of <see cref="SampleCalibration"/> in its servos.</summary>
    public static EmulatedRig Follower() => new(EmulatedArm.So101(ArmRole.Follower));

    public static EmulatedRig Leader() => new(EmulatedArm.So101(ArmRole.Leader));

    public FollowerArm DriveFollower() => new(Bus, SampleCalibration.Arm);

    public LeaderArm ReadLeader() => new(Bus, ArmCalibration.OfServos(Bus.Port));

    /// <summary>What was written to one servo's register since a point in the journal.</summary>
    public IEnumerable<int> Written(byte id, Register register, long since = 0) =>
        Emulated.Journal.Since(since).Where(write => write.Id == id).Select(write => write.Of(register)).OfType<int>();

    public int Read(byte id, Register register) => Arm.Read(id, register);

    public void Dispose()
    {
        link.Dispose();
        Emulated.Dispose();
        folder.Delete(recursive: true);
    }
}
