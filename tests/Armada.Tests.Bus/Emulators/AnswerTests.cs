using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Servos;
using Armada.Tests.Bus.Codec;

namespace Armada.Tests.Bus.Emulators;

/// <summary>The reference's examples, byte for byte, over a real pseudo-terminal.</summary>
public sealed class AnswerTests
{
    private const string Ping = "FF FF 01 02 01 FB";
    private const string Ok = "FF FF 01 02 00 FC";

    [Theory]
    [InlineData(Ping, Ok)]
    [InlineData("FF FF FE 02 01 FE", "FF FF 01 02 00 FC | FF FF 02 02 00 FB | FF FF 03 02 00 FA | FF FF 04 02 00 F9 | FF FF 05 02 00 F8 | FF FF 06 02 00 F7")]
    [InlineData("FF FF 01 04 02 03 02 F3", "FF FF 01 04 00 09 03 EE")]
    [InlineData("FF FF 01 04 02 00 01 F7", "FF FF 01 03 00 03 F8")]
    [InlineData("FF FF 01 04 02 01 01 F6", "FF FF 01 03 00 0A F1")]
    [InlineData("FF FF 01 04 02 38 02 BE", "FF FF 01 04 00 00 08 F2")]
    [InlineData(
        "FF FF FE 0A 82 38 02 01 02 03 04 05 06 26",
        "FF FF 01 04 00 00 08 F2 | FF FF 02 04 00 00 04 F5 | FF FF 03 04 00 00 0C EC | FF FF 04 04 00 FF 07 F1 | FF FF 05 04 00 C4 09 29 | FF FF 06 04 00 DC 05 14")]
    public void Answers_as_the_reference_says(string asked, string answered)
    {
        using var arm = PluggedArm.OfReference();
        arm.Expect(asked, answered);
    }

    public static IEnumerable<object[]> AnsweredWithoutData =>
        from row in ReferenceVectors.Instructions
        where (byte)row[1] != ServoFrame.Broadcast && (Instruction)row[2] is not (Instruction.Read or Instruction.Reboot)
        select new[] { row[0], row[1] };

    [Theory]
    [MemberData(nameof(AnsweredWithoutData))]
    public void Acknowledges_every_instruction_to_one_servo(string asked, byte id)
    {
        using var arm = PluggedArm.OfReference();
        arm.Expect(asked, id == 1 ? Ok : "FF FF 06 02 00 F7");
    }

    [Theory]
    [InlineData("FF FF FE 16 83 2A 02 01 00 08 02 00 04 03 00 0C 04 FF 07 05 C4 09 06 DC 05 5B")]
    [InlineData("FF FF FE 02 05 FA")]
    [InlineData("FF FF FE 04 03 28 00 D2")]
    [InlineData("FF FF 01 04 00 00 08 F3")] // wrong checksum
    [InlineData("FF FF 01 02 77 85")] // no such instruction
    [InlineData("FF FF 01 03 02 38 C1")] // a read without its length
    [InlineData("FF FF 07 02 01 F5")] // no such servo
    [InlineData("FF FF FE 04 02 38 02 C1")] // a read of all
    public void Stays_silent_where_a_servo_does(string asked)
    {
        using var arm = PluggedArm.OfReference();
        arm.Send(asked);
        // Whatever had been answered would come before this.
        arm.Expect(Ping, Ok);
    }

    [Fact]
    public void Reports_positions_below_zero_in_sign_and_magnitude()
    {
        var servo = new EmulatedServo(1, position: 0);
        servo.Store(Sts3215.Phase, 12 | Sts3215.PhaseMultiTurn);
        servo.Write(Sts3215.TorqueEnable.Address, [1, 0, 0x64, 0x80]);
        servo.Advance(TimeSpan.FromSeconds(1));
        using var arm = new PluggedArm(new EmulatedArm(servo));
        arm.Expect("FF FF 01 04 02 38 02 BE", "FF FF 01 04 00 64 80 16");
    }

    [Fact]
    public void Reports_its_condition_with_every_answer()
    {
        using var arm = PluggedArm.OfReference();
        arm.Bus.Arm.TripOverload(6);
        arm.Expect("FF FF 06 04 02 38 02 B9", "FF FF 06 04 20 DC 05 F4");
        arm.Expect("FF FF 06 04 03 28 00 CA", "FF FF 06 02 20 D7");
    }

    [Fact]
    public void Reports_several_conditions_in_one_byte()
    {
        var servo = new EmulatedServo(3) { Temperature = 90 };
        servo.Advance(TimeSpan.FromMilliseconds(1));
        servo.TripOverload();
        using var arm = new PluggedArm(new EmulatedArm(servo));
        arm.Expect("FF FF 03 02 01 F9", "FF FF 03 02 24 D6");
    }

    [Fact]
    public void Reports_a_voltage_out_of_range()
    {
        var plain = new EmulatedArm(new EmulatedServo(1)) { Supply = 12.4 };
        plain.Advance(TimeSpan.FromMilliseconds(5));
        using var arm = new PluggedArm(plain);
        arm.Expect(Ping, "FF FF 01 02 01 FB");
    }

    [Fact]
    public void Answers_reads_but_not_writes_when_told_so()
    {
        using var arm = PluggedArm.OfReference();
        arm.Expect("FF FF 01 04 03 08 00 EF", "");
        arm.Send("FF FF 01 04 03 28 00 CF");
        arm.Expect("FF FF 01 04 02 38 02 BE", "FF FF 01 04 00 00 08 F2");
    }

    [Fact]
    public void A_held_write_takes_effect_at_the_action()
    {
        using var arm = PluggedArm.OfReference();
        arm.Expect("FF FF 01 05 04 2A 00 08 C3", Ok);
        Assert.Equal(0, arm.Bus.Arm.Read(1, Sts3215.GoalPosition));
        arm.Send("FF FF FE 02 05 FA");
        arm.Expect(Ping, Ok);
        Assert.Equal(2048, arm.Bus.Arm.Read(1, Sts3215.GoalPosition));
    }

    [Fact]
    public void The_middle_can_be_set_where_it_stands()
    {
        using var arm = PluggedArm.OfReference();
        arm.Expect("FF FF 06 02 0B EC", "FF FF 06 02 00 F7");
        arm.Expect("FF FF 06 04 02 38 02 B9", "FF FF 06 04 00 00 08 ED");
        Assert.Equal(1500 - 2048, arm.Bus.Arm.Read(6, Sts3215.HomingOffset));
    }
}
