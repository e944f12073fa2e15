using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Pure.Domain;

/// <summary>A robot may list its joints in any order and in either family of names; arms have theirs in one.</summary>
public sealed class JointOrderTests
{
    private static readonly ImmutableArray<Joint> Arm = RobotModels.So101.Joints;
    private static readonly double[] Pose = [11, -22, 33, -44, 55, 66];
    private static readonly string[] Names = [.. Arm.Select(joint => joint.Name)];

    [Fact]
    public void In_whatever_order_a_robot_has_its_joints_each_arm_has_its_own() =>
        Prop.ForAll(Gen.Shuffle(Arm.ToArray()).ToArbitrary(), ArbMap.Default.ArbFor<bool>(), ArbMap.Default.ArbFor<bool>(), (joints, arena, told) =>
        {
            var rig = Follow([.. joints.Select(joint => arena ? joint with { Name = JointNames.ArenaOf(joint.Name) } : joint)], told);
            AssertNear(Pose, rig.LastOf(Rig.Follower).Positions);
            AssertNear(Pose, rig.LastOf("micro").Positions);
            // The robot itself, as panel and programs see it.
            var seen = rig.SlaveOf(Rig.Follower).Joints.Select(joint => joint.Real ?? double.NaN);
            AssertNear([.. joints.Select(joint => Pose[Array.IndexOf(Names, joint.Name)])], [.. seen]);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_gripper_in_degrees_has_the_part_of_its_range_that_the_arm_tells_in_percent()
    {
        var rig = Follow([Arm[5] with { Unit = JointUnit.Degree, Min = -10, Max = 100 }, .. Arm[..5]], told: true);
        AssertNear(Pose, rig.LastOf(Rig.Follower).Positions);
        Assert.Equal(-10 + (1.1 * 66), rig.SlaveOf(Rig.Follower).Joints[0].Real!.Value, 2);
        rig.Accept(new RobotRequest.UnbindMaster());
        rig.Accept(new RobotRequest.Manual(Rig.Go(("gripper", 45))));
        rig.Drive(3);
        Assert.Equal(50, rig.LastOf(Rig.Follower).Positions[5], 1);
    }

    [Fact]
    public void Joints_that_cannot_be_matched_are_refused_with_both_lists_and_never_moved()
    {
        var rig = Rig.Routing();
        var decision = rig.Presence(Rig.Follower, true, [.. Names[..5], "claw"]);
        Assert.Contains("wrist_roll in degrees, claw)", decision.Refused!.Text, StringComparison.Ordinal);
        Assert.Contains("wrist_roll in degrees, gripper in percent)", decision.Refused.Text, StringComparison.Ordinal);
        Assert.Equal(decision.Refused.Text, $"{Rig.Follower}: {rig.SlaveOf(Rig.Follower).Reason}");
        rig.Commands.Clear();
        Assert.Equal(FrameResult.WrongJoints, rig.Slave(Rig.Follower, 0));
        Assert.Equal(FrameResult.Accepted, rig.Master(Rig.Leader, 5));
        Assert.Empty(rig.Commands);
        Assert.NotNull(rig.Presence(Rig.Leader, true, "a", "b", "c", "d", "e", "f").Refused);
        Assert.Null(rig.Presence(Rig.Leader, true, "a", "b", "c", "d", "e", "f").Refused);
        Assert.Equal(FrameResult.WrongJoints, rig.Master(Rig.Leader, 5));
        rig.Presence(Rig.Leader, true, Names);
        Assert.Equal(FrameResult.Accepted, rig.Master(Rig.Leader, 5));
    }

    [Fact]
    public void An_arm_in_percent_is_not_matched_where_it_tells_degrees()
    {
        var rig = new Rig(new RobotModel("odd", Arm.SetItem(0, Arm[0] with { Unit = JointUnit.Percent })));
        rig.Accept(new RobotRequest.BindSlave(Rig.Follower, false));
        Assert.Equal(FrameResult.WrongJoints, rig.Slave(Rig.Follower, 0));
    }

    private static Rig Follow(ImmutableArray<Joint> joints, bool told)
    {
        var rig = new Rig(new RobotModel("urdf", joints));
        rig.Accept(new RobotRequest.BindSlave(Rig.Follower, false));
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding("micro", SlaveKind.MicroPython), false));
        rig.Accept(new RobotRequest.BindMaster(Rig.Leader, false));
        if (told)
        {
            Assert.Null(rig.Presence(Rig.Leader, true, Names).Refused);
            Assert.Null(rig.Presence(Rig.Follower, true, Names).Refused);
        }

        for (var frame = 0; frame < 600; frame++)
        {
            rig.Advance(0.01);
            rig.Slave(Rig.Follower, rig.Next(Rig.Follower), rig.Commands.LastOrDefault(command => command.Device == Rig.Follower)?.Positions ?? Pose);
            rig.Master(rig.Next(Rig.Leader), Pose);
        }

        return rig;
    }

    private static void AssertNear(double[] expected, double[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1));
}
