using Armada.Devices.ServoBus;
using Armada.Emulators.Servos;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Bus.Emulators;

/// <summary>Motion within the servo's own limits.</summary>
public sealed class MotionTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void Moves_within_speed_and_acceleration_and_arrives_without_shooting_over()
    {
        var cases = from goal in Gen.Choose(0, 4095)
                    from start in Gen.Choose(0, 4095)
                    from speed in Gen.Choose(50, 3400)
                    from acceleration in Gen.Choose(1, 254)
                    select (goal, start, speed, acceleration);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var servo = new EmulatedServo(1, position: c.start);
            Set(servo, Sts3215.GoalVelocity, c.speed);
            Set(servo, Sts3215.Acceleration, c.acceleration);
            Go(servo, c.goal);
            var (least, greatest) = (Math.Min(c.start, c.goal), Math.Max(c.start, c.goal));
            var before = 0.0;
            for (var i = 0; i < 100_000 && (i < 10 || servo.Velocity != 0); i++)
            {
                servo.Advance(Tick);
                Assert.InRange(Math.Abs(servo.Velocity), 0, c.speed + 1e-6);
                Assert.InRange(Math.Abs(servo.Velocity - before), 0, (c.acceleration * 100 * 0.001) + 1e-6);
                Assert.InRange(servo.Shaft, least - 0.6, greatest + 0.6);
                before = servo.Velocity;
            }

            Assert.Equal(c.goal, servo[Sts3215.PresentPosition]);
            Assert.Equal(0, servo[Sts3215.Moving]);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_greatest_setting_takes_the_time_a_trapezoid_takes()
    {
        var servo = new EmulatedServo(1, position: 500);
        Set(servo, Sts3215.Acceleration, 254);
        Go(servo, 3500);
        var milliseconds = 0;
        for (; servo[Sts3215.PresentPosition] != 3500 && milliseconds < 5000; milliseconds++)
            servo.Advance(Tick);
        // Distance over speed, and once more the time to reach that speed.
        var ideal = 1000 * ((3000 / EmulatedServo.NoLoadSpeed) + (EmulatedServo.NoLoadSpeed / 25_400));
        Assert.InRange(milliseconds, ideal * 0.98, ideal * 1.05);
    }

    [Theory]
    [InlineData(100, 758)]
    [InlineData(4000, 3292)]
    [InlineData(-50, 758)]
    public void Goals_outside_the_limits_become_the_limit(int goal, int reached)
    {
        var servo = new EmulatedServo(1, -710, 758, 3292, 2025);
        Go(servo, goal);
        servo.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(reached, servo[Sts3215.PresentPosition]);
    }

    [Fact]
    public void Torque_on_with_a_stale_goal_moves_there()
    {
        var servo = new EmulatedServo(1, 0, 758, 3292, 2025);
        Set(servo, Sts3215.TorqueEnable, 1);
        servo.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(758, servo[Sts3215.PresentPosition]);
    }

    [Fact]
    public void Without_torque_the_hand_moves_it_and_the_goal_does_not()
    {
        var servo = new EmulatedServo(1);
        Set(servo, Sts3215.GoalPosition, 3000);
        Set(servo, Sts3215.TorqueEnable, 0);
        servo.Push(1900);
        servo.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(1900, servo[Sts3215.PresentPosition]);
        Assert.Equal(0, servo[Sts3215.PresentLoad]);
    }

    [Fact]
    public void With_torque_it_resists_the_hand_and_feels_it()
    {
        var servo = new EmulatedServo(1);
        Go(servo, 2048);
        servo.Push(2300);
        servo.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(2048, servo[Sts3215.PresentPosition]);
        Assert.InRange(servo[Sts3215.PresentLoad], -300, -200);
    }

    [Fact]
    public void The_torque_limit_slows_it_down_and_zero_stops_it()
    {
        var servo = new EmulatedServo(1);
        Set(servo, Sts3215.TorqueLimit, 500);
        Go(servo, 4000);
        servo.Advance(TimeSpan.FromMilliseconds(300));
        Assert.InRange(servo.Velocity, 1600, 1700);
        Set(servo, Sts3215.TorqueLimit, 0);
        servo.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, servo.Velocity);
    }

    [Fact]
    public void A_blocked_shaft_trips_the_overload_and_gives_way_until_torque_is_cycled()
    {
        var servo = new EmulatedServo(1) { Stops = (0, 2200) };
        Set(servo, Sts3215.OverloadTorque, 25);
        Set(servo, Sts3215.TorqueLimit, 500);
        Go(servo, 3000);
        servo.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(ServoErrors.None, servo.Errors);
        Assert.Equal(500, servo[Sts3215.PresentLoad]);
        servo.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ServoErrors.Overload, servo.Errors);
        Assert.Equal(200, servo[Sts3215.PresentLoad]);

        Set(servo, Sts3215.TorqueEnable, 0);
        Assert.Equal(ServoErrors.Overload, servo.Errors);
        Set(servo, Sts3215.TorqueEnable, 1);
        Assert.Equal(ServoErrors.None, servo.Errors);
    }

    [Fact]
    public void A_free_shaft_that_moves_for_long_is_not_overloaded()
    {
        var servo = new EmulatedServo(1);
        Set(servo, Sts3215.OverloadTorque, 25);
        Set(servo, Sts3215.TorqueLimit, 500);
        Set(servo, Sts3215.GoalVelocity, 1000);
        Go(servo, 0);
        servo.Advance(TimeSpan.FromSeconds(3));
        Go(servo, 4000);
        servo.Advance(TimeSpan.FromSeconds(3));
        Assert.InRange(servo[Sts3215.PresentLoad], 250, 500);
        Assert.Equal(ServoErrors.None, servo.Errors);
    }

    [Fact]
    public void Holding_against_a_load_warms_it_over_minutes()
    {
        var servo = new EmulatedServo(1) { ExternalLoad = 600 };
        Go(servo, 2048);
        var cold = servo[Sts3215.PresentTemperature];
        servo.Advance(TimeSpan.FromMinutes(2));
        Assert.InRange(servo[Sts3215.PresentTemperature], cold + 3, cold + 15);
    }

    private static void Go(EmulatedServo servo, int goal)
    {
        Set(servo, Sts3215.GoalPosition, goal);
        Set(servo, Sts3215.TorqueEnable, 1);
    }

    private static void Set(EmulatedServo servo, Register register, int value)
    {
        Span<byte> data = stackalloc byte[register.Size];
        register.Encode(value, data);
        servo.Write(register.Address, data);
    }
}
