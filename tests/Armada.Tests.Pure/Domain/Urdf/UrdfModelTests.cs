using System.Globalization;
using System.Text;
using Armada.Core.Robots;
using Armada.Core.Robots.Urdf;

namespace Armada.Tests.Pure.Domain.Urdf;

public sealed class UrdfModelTests
{
    /// <summary>An arm with the kinematics of the one that Arena ships.</summary>
    internal const string Arm = """
        <?xml version="1.0"?>
        <robot name="so_arm101">
          <!-- The links' shapes do not matter here. -->
          <link name="base"><visual><geometry><box size="1 1 1"/></geometry></visual></link>
          <joint name="Rotation" type="revolute">
            <origin xyz="0 0 0" rpy="0 0 0"/><parent link="base"/><child link="shoulder"/>
            <axis xyz="0 -1 0"/><limit lower="-2" upper="2" effort="35" velocity="1"/>
          </joint>
          <joint name="Pitch" type="revolute"><axis xyz="1 0 0"/><limit lower="0" upper="3.5" effort="35" velocity="1"/></joint>
          <joint name="Elbow" type="revolute"><axis xyz="1 0 0"/><limit lower="-3.14158" upper="0" effort="35" velocity="1"/></joint>
          <joint name="camera_mount" type="fixed"><parent link="wrist"/><child link="camera"/></joint>
          <joint name="Wrist_Pitch" type="revolute"><axis xyz="1 0 0"/><limit lower="-2.5" upper="1.2" effort="35" velocity="1"/></joint>
          <joint name="Wrist_Roll" type="revolute"><axis xyz="0 1 0"/><limit lower="-3.14158" upper="3.14158" effort="35" velocity="1"/></joint>
          <joint name="Jaw" type="revolute"><axis xyz="0 0 1"/><limit lower="-0.2" upper="2.0" effort="35" velocity="1"/></joint>
          <transmission name="t"><joint name="Rotation"><hardwareInterface>x</hardwareInterface></joint></transmission>
        </robot>
        """;

    public static TheoryData<string, string> Refusals => new()
    {
        { "", "no XML" },
        { "<robot", "no XML" },
        { "<robot><joint name='a' type='revolute'></robot>", "no XML" },
        { "<machine/>", "root element must be robot" },
        { "<robot/>", "no revolute or continuous joint" },
        { Joint("<joint name='a' type='fixed'/>"), "no revolute or continuous joint" },
        { Joint("<joint type='revolute'><limit lower='0' upper='1'/></joint>"), "has no name" },
        { Joint("<joint name='a'><limit lower='0' upper='1'/></joint>"), "joint a has no type" },
        { Joint("<joint name='a' type='revolute'/>"), "a is revolute and has no limit" },
        { Joint("<joint name='a' type='revolute'><limit velocity='1'/></joint>"), "a: its lower limit must be below" },
        { Joint("<joint name='a' type='revolute'><limit lower='1' upper='1'/></joint>"), "a: its lower limit must be below" },
        { Joint("<joint name='a' type='revolute'><limit lower='2' upper='1'/></joint>"), "a: its lower limit must be below" },
        { Joint("<joint name='a' type='revolute'><limit lower='10' upper='20'/></joint>"), "a: its lower limit must be below" },
        { Joint("<joint name='a' type='revolute'><limit lower='NaN' upper='1'/></joint>"), "a: its limit's lower is no number" },
        { Joint("<joint name='a' type='revolute'><limit lower='0' upper='1e999'/></joint>"), "a: its limit's upper is no number" },
        { Joint("<joint name='a' type='revolute'><limit lower='0' upper='${pi}'/></joint>"), "xacro" },
        { Joint("<joint name='a' type='revolute'><limit lower='0' upper='1' velocity='-1'/></joint>"), "a: its velocity is negative" },
        { Joint("<joint name='a' type='prismatic'><limit lower='0' upper='1'/></joint>"), "a is prismatic" },
        { Joint("<joint name='a' type='planar'/>"), "a is planar" },
        { Joint("<joint name='a' type='floating'/>"), "a is floating" },
        { Joint("<joint name='a' type='hinge'/>"), "a is hinge" },
        { Joint("<joint name='a' type='continuous'/><joint name='a' type='continuous'/>"), "two joints are called a" },
        { Joint("<joint name='Jaw' type='continuous'/><joint name='gripper' type='continuous'/>"), "two joints are called gripper" },
        { "<!DOCTYPE robot [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><robot name='&b;'/>", "DTD" },
        { "<!DOCTYPE robot SYSTEM 'file:///etc/passwd'><robot/>", "DTD" },
        { "<robot>" + string.Concat(Enumerable.Repeat("<a>", 65)), "nested deeper than 64" },
        { "<robot name='" + new string('r', UrdfModel.MaxLength) + "'/>", "longer than 1048576" },
        { "<robot " + string.Concat(Enumerable.Range(0, 80_000).Select(n => $"a{n}='' ")) + "/>", "no revolute or continuous joint" },
        { "<robot>" + string.Concat(Enumerable.Repeat("<joint name='a' type='fixed'/>", 1001)) + "</robot>", "more than 1000 joints" },
    };

    [Fact]
    public void An_arm_is_read_with_its_joints_in_order_and_its_limits_in_degrees()
    {
        var model = Read(Arm);

        Assert.Equal("so_arm101", model.Name);
        Assert.Equal(
            ["Rotation -114.592 114.592 0", "Pitch 0 200.535 0", "Elbow -179.999 0 0", "Wrist_Pitch -143.239 68.755 0",
                "Wrist_Roll -179.999 179.999 0", "Jaw -11.459 114.592 0"],
            model.Joints.Select(joint => string.Create(
                CultureInfo.InvariantCulture, $"{joint.Name} {joint.Min:0.###} {joint.Max:0.###} {joint.Rest}")));
        Assert.All(model.Joints, joint =>
        {
            Assert.Equal(180 / Math.PI, joint.MaxVelocity, 9);
            Assert.Equal((JointUnit.Degree, JointMotion.Revolute, null), (joint.Unit, joint.Motion, joint.ServoId));
        });
        Assert.Equal(0, model.Find("shoulder_pan"));
    }

    [Fact]
    public void Servo_ids_and_rest_positions_are_given_in_either_family_of_names()
    {
        var model = Read(
            Arm, new() { ["Rotation"] = 1, ["gripper"] = 6 }, new() { ["shoulder_lift"] = 90.5, ["Elbow"] = -45 });

        Assert.Equal([1, null, null, null, null, 6], model.Joints.Select(joint => joint.ServoId));
        Assert.Equal([0, 90.5, -45, 0, 0, 0], model.Joints.Select(joint => joint.Rest));
    }

    [Fact]
    public void Servo_ids_and_rest_positions_that_do_not_fit_are_refused()
    {
        Assert.Contains("servo id is given for tail", Refusal(Arm, new() { ["tail"] = 1 }), StringComparison.Ordinal);
        Assert.Contains("servo 1 is another joint's", Refusal(Arm, new() { ["Jaw"] = 1, ["Pitch"] = 1 }), StringComparison.Ordinal);
        Assert.Contains("0 to 252", Refusal(Arm, new() { ["Jaw"] = 253 }), StringComparison.Ordinal);
        Assert.Contains("rest position is given for tail", Refusal(Arm, rest: new() { ["tail"] = 1 }), StringComparison.Ordinal);
        Assert.Contains("Elbow: rest", Refusal(Arm, rest: new() { ["Elbow"] = 1 }), StringComparison.Ordinal);
        Assert.Contains("Elbow: rest", Refusal(Arm, rest: new() { ["Elbow"] = double.NaN }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_continuous_joint_goes_as_far_as_there_is_a_wire_form()
    {
        var joint = Read(Joint("<joint name='a' type='continuous'/>")).Joints.Single();

        Assert.Equal((-327.67, 327.67, JointMotion.Continuous), (joint.Min, joint.Max, joint.Motion));
        Assert.Equal(180, joint.MaxVelocity);
    }

    [Fact]
    public void Limits_and_velocities_beyond_what_can_be_commanded_are_cut_to_it()
    {
        var joint = Read(Joint("<joint name='a' type='revolute'><limit lower='-1e300' upper='100' velocity='1e300'/></joint>")).Joints.Single();

        Assert.Equal((-327.67, 327.67, 360), (joint.Min, joint.Max, joint.MaxVelocity));
    }

    [Fact]
    public void A_velocity_of_nothing_becomes_that_of_the_known_arms() =>
        Assert.Equal(
            180, Read(Joint("<joint name='a' type='revolute'><limit lower='0' upper='1' velocity='0'/></joint>")).Joints.Single().MaxVelocity);

    [Fact]
    public void A_limit_that_leaves_an_end_out_has_0_there() =>
        Assert.Equal(0, Read(Joint("<joint name='a' type='revolute'><limit upper='1' velocity='1'/></joint>")).Joints.Single().Min);

    [Fact]
    public void A_rest_of_0_that_is_outside_the_limits_becomes_the_nearest_one() =>
        Assert.Equal(
            180 / Math.PI,
            Read(Joint("<joint name='a' type='revolute'><limit lower='1' upper='2' velocity='1'/></joint>")).Joints.Single().Rest,
            9);

    [Fact]
    public void A_joint_that_mimics_another_is_left_out() => Assert.Equal(
        ["a"],
        Read(Joint("<joint name='a' type='continuous'/><joint name='b' type='prismatic'><mimic joint='a'/></joint>"))
            .Joints.Select(joint => joint.Name));

    [Theory]
    [MemberData(nameof(Refusals), DisableDiscoveryEnumeration = true)]
    public void What_is_no_arm_is_refused_in_words(string text, string words) =>
        Assert.Contains(words, Refusal(text), StringComparison.Ordinal);

    [Fact]
    public void Any_characters_are_a_sound_model_or_a_problem() =>
        Bytes.Check(bytes => IsAnswered(Encoding.Latin1.GetString(bytes)) && IsAnswered("<robot>" + Encoding.UTF8.GetString(bytes)));

    [Fact]
    public void A_damaged_arm_is_a_sound_model_or_a_problem() => Bytes.Check(
        bytes =>
        {
            var text = new StringBuilder(Arm);
            for (var at = 0; at + 3 < bytes.Length && at < 24; at += 4)
            {
                var place = ((bytes[at] << 8) | bytes[at + 1]) % text.Length;
                text.Remove(place, Math.Min(bytes[at + 2] % 9, text.Length - place)).Insert(place, Splinters[bytes[at + 3] % Splinters.Length]);
            }

            return IsAnswered(text.ToString());
        },
        times: 3000);

    private static readonly string[] Splinters =
    [
        "", "<", ">", "/>", "\"", "&", "&amp;", "&#x0;", "&lol;", "<joint", "<joint name=\"x\" type=\"revolute\">", "</joint>", "NaN", "-1e308",
        "Infinity", "revolute", "fixed", "<![CDATA[", "<!DOCTYPE robot>", "<?xml version=\"1.0\" encoding=\"none\"?>", "\0", "\uD800", "xmlns:a=\"b\" ",
    ];

    private static string Joint(string joints) => $"<robot name='r'>{joints}</robot>";

    private static bool IsAnswered(string text) =>
        UrdfModel.TryRead(text, null, null, out var model, out var problem)
            ? RobotModelRules.FindProblem(model) is null
            : problem.Length > 0;

    private static RobotModel Read(string text, Dictionary<string, int>? servoIds = null, Dictionary<string, double>? rest = null)
    {
        Assert.True(UrdfModel.TryRead(text, servoIds, rest, out var model, out var problem), problem);
        return model;
    }

    private static string Refusal(string text, Dictionary<string, int>? servoIds = null, Dictionary<string, double>? rest = null)
    {
        Assert.False(UrdfModel.TryRead(text, servoIds, rest, out _, out var problem), "it was read");
        return problem;
    }
}
