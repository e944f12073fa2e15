using Armada.Core.Time;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.EdgeAgent.Follower;

namespace Armada.Tests.Agent.Follower;

public sealed class JointProtectionTests
{
    private const int Elbow = 2;
    private const int GripperOverload = 25;
    private const int ElbowOverload = 80;

    private static readonly ServoTelemetry Free = new(IsKnown: true, Velocity: 0, LoadPercent: 3, Volts: 7.4, Celsius: 30, ServoErrors.None, IsMoving: false);

    private readonly JointProtection protection = new();
    private Timestamp now = new(1, 1);

    [Fact]
    public void A_gripper_that_squeezes_is_limited_before_its_servo_latches_and_restored_when_it_is_free()
    {
        var squeezing = Free with { LoadPercent = -50 };
        Assert.Equal((ProtectionAction.Ease, 1.0), After(squeezing, ArmJoint.Gripper, GripperOverload));
        Assert.InRange(JointProtection.Eased(GripperOverload), 100, (10 * GripperOverload) - 1);
        // It may hold what it has as long as it likes, and that is no fault.
        Assert.Equal(ProtectionAction.None, After(squeezing with { LoadPercent = -22 }, ArmJoint.Gripper, GripperOverload).Action);
        Assert.Null(protection.Problem(ArmJoint.Gripper));
        Assert.Equal(ProtectionAction.Restore, After(Free, ArmJoint.Gripper, GripperOverload).Action);
    }

    [Fact]
    public void A_joint_whose_servo_was_not_set_up_is_left_alone() =>
        Assert.Equal(ProtectionAction.None, After(Free with { Errors = ServoErrors.Overload }, Elbow, overload: 0).Action);

    [Fact]
    public void A_joint_that_carries_much_and_moves_is_left_alone() =>
        Assert.Equal(ProtectionAction.None, After(Free with { LoadPercent = 90, Velocity = 300 }, Elbow, ElbowOverload).Action);

    [Fact]
    public void Another_joint_that_stays_blocked_is_limited_then_held_and_let_go_on_five_times()
    {
        var pushing = Free with { LoadPercent = 100 };
        Assert.Equal(ProtectionAction.Ease, After(pushing, Elbow, ElbowOverload).Action);
        for (var time = 0; time < JointProtection.MaxTries; time++)
        {
            Assert.Equal((ProtectionAction.Hold, 2.0), After(pushing, Elbow, ElbowOverload));
            Assert.Contains("by itself", protection.Problem(Elbow), StringComparison.Ordinal);
            Assert.Equal((ProtectionAction.Resume, (double)(1 << time)), After(Free, Elbow, ElbowOverload));
        }

        Assert.Equal(ProtectionAction.Hold, After(pushing, Elbow, ElbowOverload).Action);
        Assert.Equal(ProtectionAction.None, After(Free, Elbow, ElbowOverload).Action);
        Assert.Contains("elbow_flex (servo 3) pushes without moving", protection.Problem(Elbow), StringComparison.Ordinal);
        Assert.Contains("armada-edge recover", protection.Problem(Elbow), StringComparison.Ordinal);
        protection.Begin(Elbow, now);
        Assert.Equal(ProtectionAction.Restore, After(Free, Elbow, ElbowOverload).Action);
        Assert.Null(protection.Problem(Elbow));
    }

    [Fact]
    public void A_joint_that_gets_warm_is_limited_and_one_that_gets_hot_is_held_until_it_is_cool()
    {
        Assert.Equal(ProtectionAction.Ease, After(Free with { Celsius = 60 }, Elbow, ElbowOverload).Action);
        Assert.Contains("is hot", protection.Problem(Elbow), StringComparison.Ordinal);
        Assert.Equal(ProtectionAction.Hold, After(Free with { Celsius = 66 }, Elbow, ElbowOverload).Action);
        Assert.Equal(ProtectionAction.None, After(Free with { Celsius = 56 }, Elbow, ElbowOverload).Action);
        Assert.Equal(ProtectionAction.Resume, After(Free with { Celsius = 54 }, Elbow, ElbowOverload).Action);
    }

    [Fact]
    public void A_latched_overload_is_recovered_when_nothing_presses_on_the_joint()
    {
        var pressed = Free with { Errors = ServoErrors.Overload, LoadPercent = 20 };
        Assert.Equal((ProtectionAction.Hold, 0.0), After(pressed, ArmJoint.Gripper, GripperOverload));
        for (var time = 0; time < 20; time++)
            Assert.Equal((ProtectionAction.Hold, 1.0), After(pressed, ArmJoint.Gripper, GripperOverload));
        Assert.Equal(ProtectionAction.Recover, After(pressed with { LoadPercent = 2 }, ArmJoint.Gripper, GripperOverload).Action);
    }

    [Fact]
    public void An_overload_that_comes_back_is_recovered_five_times_at_most()
    {
        var latched = Free with { Errors = ServoErrors.Overload };
        var recoveries = 0;
        for (var action = ProtectionAction.Hold; action != ProtectionAction.None; recoveries += action == ProtectionAction.Recover ? 1 : 0)
            action = After(latched, ArmJoint.Gripper, GripperOverload).Action;
        Assert.Equal(JointProtection.MaxTries, recoveries);
    }

    /// <summary>The first action within a minute of the same telemetry, and after how many seconds.</summary>
    private (ProtectionAction Action, double Seconds) After(ServoTelemetry telemetry, int joint, int overload)
    {
        for (var seconds = 0.0; seconds < 60; seconds += 0.25)
        {
            var action = protection.Observe(joint, telemetry, overload, now);
            if (action != ProtectionAction.None)
                return (action, seconds);
            now = now.Plus(TimeSpan.FromSeconds(0.25));
        }

        return (ProtectionAction.None, 60);
    }
}
