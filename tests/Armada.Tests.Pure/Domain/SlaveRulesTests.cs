using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

public sealed class SlaveRulesTests
{
    private static readonly SlaveBinding Sound = new("viewer", SlaveKind.WebSocket);

    public static TheoryData<string, SlaveBinding> Unsound() => new()
    {
        { "a name has", Sound with { Name = "" } },
        { "a name has", Sound with { Name = new string('x', 65) } },
        { "a name has", Sound with { Name = "tab\t" } },
        { "needs a url", Sound with { Kind = SlaveKind.Remote } },
        { "only a remote slave", Sound with { Url = "ws://host/ws/slave/arm" } },
        { "no address of a slave door", new("far", SlaveKind.Remote, "http://host/ws/slave/arm") },
        { "no address of a slave door", new("far", SlaveKind.Remote, "/ws/slave/arm") },
        { "no address of a slave door", new("far", SlaveKind.Remote, "ws://host/latest/meta-data") },
        { "no address of a slave door", new("far", SlaveKind.Remote, "ws://host/ws/slave/") },
        { "no address of a slave door", new("far", SlaveKind.Remote, "ws://user:secret@host/ws/slave/arm") },
        { "no joint tail", Tuned(new JointMapping("tail", 1)) },
        { "given twice", Tuned(new JointMapping("gripper", 1), new JointMapping("Jaw", 1)) },
        { "offset", Tuned(new JointMapping("gripper", 180.1)) },
        { "offset", Tuned(new JointMapping("gripper", double.NaN)) },
        { "have no names", Tuned(new JointMapping("gripper", 0, "claw")) with { Kind = SlaveKind.Device } },
        { "one joint only", Tuned(new JointMapping("gripper", 0, "claw"), new JointMapping("Pitch", 0, "claw")) },
        { "one joint only", Tuned(new JointMapping("gripper", 0, " ")) },
        { "one joint only", Tuned(new JointMapping("gripper", 0, new string('x', 65))) },
        { "another joint", Tuned(new JointMapping("gripper", 0, "elbow_flex")) },
        { "another joint", Tuned(new JointMapping("gripper", 0, "Elbow"), new JointMapping("elbow_flex", 3)) },
    };

    [Theory]
    [MemberData(nameof(Unsound))]
    public void An_unsound_slave_is_refused_in_words(string why, SlaveBinding slave)
    {
        Assert.Contains(why, SlaveRules.FindProblem(slave, RobotModels.So101), StringComparison.Ordinal);
        var rig = new Rig();
        Assert.Equal(RefusalReason.Invalid, rig.Apply(new RobotRequest.BindSlave(slave, false)).Refused?.Reason);
        Assert.Empty(rig.Effects);
    }

    public static TheoryData<SlaveBinding> AllSound() => new()
    {
        Sound,
        new SlaveBinding("micro", SlaveKind.MicroPython, null, [new JointMapping("gripper", -180)]),
        new SlaveBinding("far", SlaveKind.Remote, "wss://host:8443/ws/slave/arm?names=lerobot"),
        Tuned(new JointMapping("gripper", 0, "Jaw")),
        Tuned(new JointMapping("gripper", 0, "elbow_flex"), new JointMapping("Elbow", 0, "gripper")),
    };

    [Theory]
    [MemberData(nameof(AllSound))]
    public void A_sound_one_is_bound(SlaveBinding slave) => new Rig().Accept(new RobotRequest.BindSlave(slave, false));

    [Fact]
    public void A_micropython_arm_has_six_joints()
    {
        var five = RobotModels.So101 with { Joints = RobotModels.So101.Joints.RemoveAt(0) };

        Assert.Contains("6 joints", SlaveRules.FindProblem(new SlaveBinding("micro", SlaveKind.MicroPython), five), StringComparison.Ordinal);
    }

    [Fact]
    public void Bindings_are_equal_by_content()
    {
        var one = Tuned(new JointMapping("gripper", 1));
        Assert.Equal(one, Tuned(new JointMapping("gripper", 1)));
        Assert.Equal(one.GetHashCode(), Tuned(new JointMapping("gripper", 1)).GetHashCode());
        Assert.NotEqual(one, Tuned(new JointMapping("gripper", 2)));
        Assert.Empty(new SlaveBinding("x").JointMappings);
    }

    private static SlaveBinding Tuned(params JointMapping[] tunes) => Sound with { JointMappings = [.. tunes] };
}
