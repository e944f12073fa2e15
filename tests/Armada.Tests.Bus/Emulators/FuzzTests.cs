using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Servos;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Bus.Emulators;

/// <summary>Whatever a host sends, the bus lives.</summary>
public sealed class FuzzTests
{
    [Fact]
    public void No_bytes_crash_or_wedge_the_bus()
    {
        using var arm = new PluggedArm(EmulatedArm.So101(ArmRole.Follower));
        var driver = arm.Driver();
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), noise =>
        {
            arm.Send(noise);
            // A frame begun in the noise swallows what follows, until there is a silence: the driver's wait for its answer.
            Testing.Until(() => driver.Ping(1, default).IsOk, "no servo answers after noise");
        }).QuickCheckThrowOnFailure();
        Assert.False(arm.Bus.Completion.IsCompleted);
    }

    [Fact]
    public void No_valid_frame_makes_a_servo_fail()
    {
        var instructions = Gen.Elements<byte>(1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 0x77);
        var cases = from instruction in instructions
                    from parameters in ArbMap.Default.GeneratorFor<byte[]>()
                    select (instruction, parameters);
        var servo = new EmulatedServo(1);
        var reply = new byte[ServoFrame.MaxSize];
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var length = servo.Execute((Instruction)c.instruction, c.parameters.AsSpan(0, Math.Min(c.parameters.Length, 244)), false, reply);
            servo.Advance(TimeSpan.FromMilliseconds(20));
            Assert.True(length == 0 || ServoFrame.Checksum(reply.AsSpan(2, length - 3)) == reply[length - 1]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

}
