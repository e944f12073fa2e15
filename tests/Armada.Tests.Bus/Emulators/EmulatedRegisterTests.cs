using Armada.Devices.ServoBus;
using Armada.Emulators.Servos;

namespace Armada.Tests.Bus.Emulators;

/// <summary>What a power cycle keeps and what it does not.</summary>
public sealed class EmulatedRegisterTests
{
    private readonly EmulatedServo servo = new(1, homingOffset: -710, minimum: 758, maximum: 3292, position: 2025);

    [Fact]
    public void Unlocked_writes_last_over_a_power_cycle()
    {
        Write(Sts3215.Lock, 0);
        Write(Sts3215.Proportional, 16);
        servo.PowerCycle();
        Assert.Equal(16, servo[Sts3215.Proportional]);
    }

    [Fact]
    public void Locked_writes_work_until_the_power_cycle()
    {
        Write(Sts3215.Lock, 1);
        Write(Sts3215.Proportional, 16);
        Assert.Equal(16, servo[Sts3215.Proportional]);
        servo.PowerCycle();
        Assert.Equal(32, servo[Sts3215.Proportional]);
    }

    [Fact]
    public void A_power_cycle_takes_torque_and_goal_and_copies_the_torque_limit()
    {
        Write(Sts3215.GoalPosition, 2025);
        Write(Sts3215.TorqueEnable, 1);
        Write(Sts3215.MaxTorqueLimit, 500);
        Assert.Equal(1000, servo[Sts3215.TorqueLimit]);
        servo.PowerCycle();
        Assert.False(servo.TorqueIsOn);
        Assert.Equal(0, servo[Sts3215.GoalPosition]);
        Assert.Equal(500, servo[Sts3215.TorqueLimit]);
    }

    [Fact]
    public void A_power_cycle_leaves_the_shaft_and_its_reading()
    {
        servo.PowerCycle();
        Assert.Equal(2025, servo[Sts3215.PresentPosition]);
    }

    [Fact]
    public void Read_only_registers_stay()
    {
        Write(Sts3215.ModelNumber, 1);
        Write(Sts3215.PresentPosition, 7);
        Assert.Equal(Sts3215.Model, servo[Sts3215.ModelNumber]);
        Assert.Equal(2025, servo[Sts3215.PresentPosition]);
    }

    [Fact]
    public void Nobody_gets_an_id_that_is_none()
    {
        Write(Sts3215.Id, 255);
        Assert.Equal(1, servo.Id);
        Write(Sts3215.Id, 6);
        Assert.Equal(6, servo.Id);
    }

    [Fact]
    public void The_homing_offset_shifts_the_reading_at_once()
    {
        Write(Sts3215.HomingOffset, 1625);
        Assert.Equal(2025 - 710 - 1625 + Sts3215.StepsPerTurn, servo[Sts3215.PresentPosition]);
    }

    [Fact]
    public void Writing_128_to_torque_makes_this_the_middle_and_leaves_the_torque()
    {
        Write(Sts3215.TorqueEnable, 128);
        Assert.Equal(2048, servo[Sts3215.PresentPosition]);
        Assert.False(servo.TorqueIsOn);
    }

    [Fact]
    public void A_goal_turns_the_torque_on_and_the_shaft_goes_there()
    {
        Write(Sts3215.GoalPosition, 2525);
        Assert.True(servo.TorqueIsOn);
        servo.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2525, servo[Sts3215.PresentPosition]);
    }

    [Fact]
    public void What_was_saved_can_be_restored_but_for_the_id()
    {
        Span<byte> reply = stackalloc byte[ServoFrame.MaxSize];
        servo.Execute(Instruction.Backup, [], false, reply);
        Write(Sts3215.Id, 9);
        Write(Sts3215.Proportional, 5);
        servo.Execute(Instruction.Recovery, [], false, reply);
        Assert.Equal(32, servo[Sts3215.Proportional]);
        Assert.Equal(9, servo.Id);
    }

    [Fact]
    public void A_restarting_servo_comes_back_with_power_up_values()
    {
        Span<byte> reply = stackalloc byte[ServoFrame.MaxSize];
        Write(Sts3215.TorqueEnable, 1);
        Assert.Equal(0, servo.Execute(Instruction.Reboot, [], false, reply));
        Assert.True(servo.IsRestarting);
        servo.Advance(TimeSpan.FromSeconds(1));
        Assert.False(servo.IsRestarting);
        Assert.False(servo.TorqueIsOn);
    }

    private void Write(Register register, int value)
    {
        Span<byte> data = stackalloc byte[register.Size];
        if (register.SignBit is null && register.Size == 1)
            data[0] = (byte)value;
        else
            register.Encode(value, data);
        servo.Write(register.Address, data);
    }
}
