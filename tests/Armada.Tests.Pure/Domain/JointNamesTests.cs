using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

public sealed class JointNamesTests
{
    private static readonly string[] Arena = ["Rotation", "Pitch", "Elbow", "Wrist_Pitch", "Wrist_Roll", "Jaw"];

    [Fact]
    public void Both_families_name_the_same_joints_in_the_same_order()
    {
        var canonical = RobotModels.So101.Joints.Select(joint => joint.Name).ToArray();

        Assert.Equal(Arena, canonical.Select(JointNames.ArenaOf));
        for (var joint = 0; joint < 6; joint++)
        {
            Assert.Equal(joint, RobotModels.So101.Find(canonical[joint]));
            Assert.Equal(joint, RobotModels.So101.Find(Arena[joint]));
        }
    }

    [Fact]
    public void A_joint_that_has_the_very_name_comes_before_one_that_means_the_same()
    {
        var model = RobotModels.So101 with
        {
            Joints = [.. RobotModels.So101.Joints, RobotModels.So101.Joints[0] with { Name = "Rotation" }],
        };

        Assert.Equal(6, model.Find("Rotation"));
        Assert.Equal(0, model.Find("shoulder_pan"));
    }

    [Fact]
    public void An_arm_with_arenas_names_is_found_by_lerobots() =>
        Assert.Equal(0, (RobotModels.So101 with { Joints = [RobotModels.So101.Joints[0] with { Name = "Jaw" }] }).Find("gripper"));

    [Theory]
    [InlineData("jaw")]
    [InlineData("")]
    [InlineData("tail")]
    public void Another_name_is_none(string name)
    {
        Assert.Equal(-1, RobotModels.So101.Find(name));
        Assert.Equal(name, JointNames.ArenaOf(name));
    }
}
