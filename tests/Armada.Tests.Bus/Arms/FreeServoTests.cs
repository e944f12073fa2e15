using Armada.Devices.Arms;
using Armada.Devices.ServoBus;

namespace Armada.Tests.Bus.Arms;

/// <summary>A goal turns a servo's torque on, so none may reach one that must be free.</summary>
public sealed class FreeServoTests : IDisposable
{
    private static readonly double[] Goals = [10, -40, 30, 20, 10, 50];

    private readonly EmulatedRig rig = EmulatedRig.Follower();
    private readonly FollowerArm arm;
    private readonly double[] pose = new double[ArmJoint.Count];

    public FreeServoTests() => arm = rig.DriveFollower();

    public void Dispose()
    {
        arm.Dispose();
        rig.Dispose();
    }

    [Fact]
    public void A_leader_is_set_up_and_read_without_any_goal()
    {
        using var other = EmulatedRig.Leader();
        using var leader = other.ReadLeader();
        leader.Start(default);
        leader.ReadPose(pose, default);
        AssertNoGoal(other, since: 0);
    }

    [Fact]
    public void A_follower_started_free_is_set_up_and_gets_no_goal()
    {
        arm.IsFree = true;
        Assert.True(arm.Start(default).IsComplete);
        Assert.Equal(16, rig.Read(1, Sts3215.Proportional));
        arm.TryWriteGoals(Goals, default);
        AssertNoGoal(rig, since: 0);
    }

    [Fact]
    public void A_follower_whose_torque_was_taken_gets_no_goal_until_it_is_started_again()
    {
        arm.Start(default);
        arm.TryTorqueOff();
        var since = rig.Emulated.Journal.Count;
        arm.TryWriteGoals(Goals, default);
        AssertNoGoal(rig, since);
        arm.Start(default);
        arm.TryWriteGoals(Goals, default);
        Fence();
        Assert.Contains(rig.Emulated.Journal.Since(since), IsGoal);
    }

    [Fact]
    public void A_servo_that_lost_its_power_between_two_reads_gets_no_goal_when_it_is_back()
    {
        arm.Start(default);
        rig.Emulated.Faults.Silence(3);
        arm.ReadPose(pose, default);
        rig.Arm.PowerDip();
        rig.Emulated.Faults.Silence(3, silent: false);
        var since = rig.Emulated.Journal.Count;
        arm.ReadPose(pose, default);
        arm.TryWriteGoals(Goals, default);
        AssertNoGoal(rig, since);
        Assert.Equal(0b111111u, arm.ReadTorqueLost(default).Bits);
    }

    [Fact]
    public void A_servo_that_missed_one_answer_and_kept_its_torque_gets_its_goals_again()
    {
        arm.Start(default);
        rig.Emulated.Faults.Silence(3);
        arm.ReadPose(pose, default);
        var since = rig.Emulated.Journal.Count;
        Assert.False(arm.TryWriteGoals(Goals, default));
        Fence();
        Assert.Equal(5, rig.Emulated.Journal.Since(since).Count(IsGoal));
        rig.Emulated.Faults.Silence(3, silent: false);
        arm.ReadPose(pose, default);
        Assert.True(arm.TryWriteGoals(Goals, default));
        Fence();
        Assert.Equal(11, rig.Emulated.Journal.Since(since).Count(IsGoal));
    }

    [Fact]
    public void A_power_dip_is_found_though_a_goal_has_put_the_torque_back_on()
    {
        arm.Start(default);
        rig.Arm.PowerDip();
        arm.TryWriteGoals(Goals, default);
        Fence();
        Assert.Equal(1, rig.Read(1, Sts3215.TorqueEnable));
        Assert.Equal(0b111111u, arm.ReadTorqueLost(default).Bits);
        Assert.True(arm.Start(default).IsComplete);
        Assert.True(arm.ReadTorqueLost(default).IsEmpty);
    }

    private static void AssertNoGoal(EmulatedRig rig, long since)
    {
        Assert.True(rig.Bus.Ping(1, default).IsOk);
        Assert.DoesNotContain(rig.Emulated.Journal.Since(since), IsGoal);
        Assert.All(ArmJoint.All, joint => Assert.Equal(0, rig.Read(joint.Id, Sts3215.TorqueEnable)));
    }

    private static bool IsGoal(Armada.Emulators.Bus.RegisterWrite write) => write.Of(Sts3215.GoalPosition) is not null;

    /// <summary>An unacknowledged write is through when the bus has answered what was asked after it.</summary>
    private void Fence() => Assert.True(rig.Bus.Ping(1, default).IsOk);
}
