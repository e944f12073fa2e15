using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

public sealed class RobotModelTests
{
    private static readonly Joint Sound = new("elbow", JointUnit.Degree, -90, 90, 180, 0);

    [Fact]
    public void Every_known_model_is_sound_and_found_by_its_name()
    {
        foreach (var model in RobotModels.All)
        {
            Assert.Null(RobotModelRules.FindProblem(model));
            Assert.True(RobotModels.TryGet(model.Name.ToUpperInvariant(), out var found));
            Assert.Same(model, found);
        }

        Assert.False(RobotModels.TryGet("so102", out _));
    }

    [Fact]
    public void An_so101_has_its_joints_in_the_order_of_its_servos() => Assert.Equal(
        ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"],
        RobotModels.So101.Joints.Select(joint => joint.Name));

    public static TheoryData<Joint> Unsound =>
    [
        Sound with { Name = "" },
        Sound with { Name = "a\u0007" },
        Sound with { Name = new string('j', 65) },
        Sound with { Min = 90 },
        Sound with { Min = double.NaN },
        Sound with { Max = double.NaN },
        Sound with { Max = 400 },
        Sound with { Min = double.NegativeInfinity },
        Sound with { MaxVelocity = 0 },
        Sound with { MaxVelocity = double.NaN },
        Sound with { MaxVelocity = double.PositiveInfinity },
        Sound with { Rest = 91 },
        Sound with { Rest = double.NaN },
        Sound with { Unit = (JointUnit)9 },
        Sound with { Motion = (JointMotion)9 },
        Sound with { ServoId = -1 },
        Sound with { ServoId = 253 },
    ];

    [Theory]
    [MemberData(nameof(Unsound), DisableDiscoveryEnumeration = true)]
    public void A_joint_whose_limits_cannot_be_trusted_is_refused(Joint joint) =>
        Assert.Contains(joint.Name == Sound.Name ? joint.Name : "name", RobotModelRules.FindProblem(new RobotModel("m", [joint])), StringComparison.Ordinal);

    [Fact]
    public void A_model_has_1_to_32_joints_of_different_names()
    {
        Assert.NotNull(RobotModelRules.FindProblem(new RobotModel("m", [])));
        Assert.NotNull(RobotModelRules.FindProblem(new RobotModel("m", default)));
        Assert.NotNull(RobotModelRules.FindProblem(new RobotModel("m", [Sound, Sound])));
        Assert.NotNull(RobotModelRules.FindProblem(new RobotModel("m", [.. Enumerable.Range(0, 33).Select(n => Sound with { Name = $"j{n}" })])));
        Assert.NotNull(RobotModelRules.FindProblem(new RobotModel(" ", [Sound])));
        Assert.Null(RobotModelRules.FindProblem(new RobotModel("m", [Sound])));
    }

    [Fact]
    public void No_two_joints_share_a_name_of_either_family_or_a_servo()
    {
        Assert.NotNull(RobotModelRules.FindProblem(new RobotModel("m", [Sound with { Name = "Elbow" }, Sound with { Name = "elbow_flex" }])));
        Assert.NotNull(RobotModelRules.FindProblem(new RobotModel("m", [Sound with { ServoId = 7 }, Sound with { Name = "b", ServoId = 7 }])));
        Assert.Null(RobotModelRules.FindProblem(new RobotModel("m", [Sound with { ServoId = 0 }, Sound with { Name = "b", ServoId = 252 }])));
    }

    [Fact]
    public void A_robot_does_not_load_with_a_model_that_cannot_be_trusted()
    {
        var document = new RobotDocument("robot-1", new RobotModel("m", [Sound with { Min = 90 }]), null, [], 0, false, 1);

        var fault = Assert.Throws<ArgumentException>(() => new RobotCore(document, false, RobotTiming.Default));
        Assert.Contains("elbow", fault.Message, StringComparison.Ordinal);
    }
}
