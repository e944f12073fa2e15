using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;

namespace Armada.Tests.Bus.Emulators;

/// <summary>Hands move as people do, and an arm moves with them.</summary>
public sealed class HandTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    public static TheoryData<string, int> Hands => new() { { "wave", 1 }, { "wave", 7 }, { "teach", 1 }, { "teach", 7 } };

    [Theory]
    [MemberData(nameof(Hands))]
    public void A_hand_keeps_to_human_speed_and_rests_now_and_then(string kind, int seed)
    {
        var hand = Make(kind, seed);
        var (before, now) = (new double[6], new double[6]);
        hand.Pose(TimeSpan.Zero, before);
        var (top, pauses, travel) = (0.0, 0, 0.0);
        for (var time = Tick; time < TimeSpan.FromMinutes(2); time += Tick)
        {
            hand.Pose(time, now);
            var moved = now.Zip(before, (a, b) => Math.Abs(a - b)).Max();
            top = Math.Max(top, moved / Tick.TotalSeconds);
            pauses += moved < 1e-3 ? 1 : 0;
            travel += moved;
            now.CopyTo(before, 0);
        }

        Assert.InRange(top, 30, 95);
        Assert.InRange(pauses, 500, 8000);
        Assert.True(travel > 1000, $"the hand moved {travel} degrees in two minutes");
    }

    [Theory]
    [MemberData(nameof(Hands))]
    public void A_leader_follows_the_hand_within_its_calibrated_range(string kind, int seed)
    {
        var arm = EmulatedArm.So101(ArmRole.Leader, Make(kind, seed));
        var (twin, wanted, pose) = (Make(kind, seed), new double[6], new double[6]);
        for (var time = Tick; time < TimeSpan.FromSeconds(40); time += Tick)
        {
            arm.Advance(Tick);
            twin.Pose(time, wanted);
            arm.Pose(pose);
            for (var i = 0; i < pose.Length; i++)
            {
                Assert.InRange(pose[i], wanted[i] - 0.1, wanted[i] + 0.1);
                Assert.InRange(arm.Servos[i][Sts3215.PresentPosition], arm.Joints[i].Minimum, arm.Joints[i].Maximum);
            }
        }
    }

    [Fact]
    public void The_gripper_squeezes_when_a_task_is_taught()
    {
        var hand = new TeachingHand(3);
        var pose = new double[6];
        var (closed, open) = (false, false);
        for (var time = TimeSpan.Zero; time < TimeSpan.FromMinutes(1); time += Tick)
        {
            hand.Pose(time, pose);
            closed |= pose[5] < 5;
            open |= pose[5] > 55;
        }

        Assert.True(closed && open);
    }

    [Fact]
    public void A_leader_with_torque_on_resists_and_goes_with_the_hand_once_it_is_off()
    {
        var arm = EmulatedArm.So101(ArmRole.Leader, new WavingHand());
        foreach (var servo in arm.Servos)
            servo.Write(Sts3215.TorqueEnable.Address, [1, 0, (byte)servo[Sts3215.PresentPosition], (byte)(servo[Sts3215.PresentPosition] >> 8)]);
        var (first, pose, wanted) = (new double[6], new double[6], new double[6]);
        arm.Pose(first);
        arm.Advance(TimeSpan.FromSeconds(5));
        arm.Pose(pose);
        Assert.All(pose.Zip(first), p => Assert.InRange(p.First, p.Second - 0.1, p.Second + 0.1));

        foreach (var servo in arm.Servos)
            servo.Write(Sts3215.TorqueEnable.Address, [0]);
        arm.Advance(TimeSpan.FromSeconds(1));
        arm.Pose(pose);
        new WavingHand().Pose(TimeSpan.FromSeconds(6), wanted);
        Assert.All(pose.Zip(wanted), p => Assert.InRange(p.First, p.Second - 0.1, p.Second + 0.1));
    }

    [Fact]
    public void Load_makes_the_supply_sag()
    {
        var arm = EmulatedArm.So101(ArmRole.Follower);
        arm.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(74, arm.Read(1, Sts3215.PresentVoltage));
        arm.Block(6, 2100, 2200);
        foreach (var servo in arm.Servos)
            servo.Write(Sts3215.TorqueEnable.Address, [1, 0, 0, 8]);
        arm.Write(6, Sts3215.GoalPosition, 3500);
        arm.Advance(TimeSpan.FromSeconds(1.5));
        Assert.InRange(arm.Read(1, Sts3215.PresentVoltage), 65, 72);
        Assert.InRange(arm.Read(6, Sts3215.PresentCurrent), 300, 400);
    }

    private static IHand Make(string kind, int seed) => kind == "wave" ? new WavingHand(seed) : new TeachingHand(seed);
}
