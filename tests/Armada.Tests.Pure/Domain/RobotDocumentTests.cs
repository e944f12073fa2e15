using Armada.Core.Robots;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Pure.Domain;

public sealed class RobotDocumentTests
{
    private static readonly RobotDocument Sound = new(
        "robot-1",
        RobotModels.So101,
        new MasterBinding("leader-1"),
        [
            new SlaveBinding("follower-1", SlaveKind.Device, null, [new JointMapping("gripper", -2.5)]),
            new SlaveBinding("far", SlaveKind.Remote, "wss://far.example/ws/slave/r"),
        ],
        60_000_000,
        Stopped: true,
        Version: 7,
        new RoomName("lab", "bench", 4));

    public static TheoryData<string, RobotDocument> Unsound() => new()
    {
        { "robot 'robot-2'", Sound with { Id = "robot-2" } },
        { "robot ''", Sound with { Id = null! } },
        { "model", Sound with { Model = null! } },
        { "joint", Sound with { Model = RobotModels.So101 with { Joints = default } } },
        { "joint", Sound with { Model = RobotModels.So101 with { Joints = [null!] } } },
        { "min must be below max", Sound with { Model = new RobotModel("m", [new Joint("elbow", JointUnit.Degree, 90, -90, 180, 0)]) } },
        { "name", Sound with { Model = RobotModels.So101 with { Name = null! } } },
        { "name", Sound with { Model = RobotModels.So101 with { Joints = [RobotModels.So101.Joints[0] with { Name = null! }] } } },
        { "kind", Sound with { Master = new MasterBinding("leader-1", (MasterKind)9) } },
        { "device name", Sound with { Master = new MasterBinding("leader 1") } },
        { "device name", Sound with { Master = new MasterBinding(null!) } },
        { "a name has", Sound with { Master = new MasterBinding("", MasterKind.Remote) } },
        { "slave", Sound with { Slaves = [null!] } },
        { "kind", Sound with { Slaves = [new SlaveBinding("a", (SlaveKind)9)] } },
        { "device name", Sound with { Slaves = [new SlaveBinding("a b")] } },
        { "a name has", Sound with { Slaves = [new SlaveBinding(null!, SlaveKind.WebSocket)] } },
        { "twice", Sound with { Slaves = [new SlaveBinding("a"), new SlaveBinding("a", SlaveKind.WebSocket)] } },
        { "joint mapping", Sound with { Slaves = [new SlaveBinding("a", JointMappings: [null!])] } },
        { "no joint", Sound with { Slaves = [new SlaveBinding("a", JointMappings: [new JointMapping(null!)])] } },
        { "no joint tail", Sound with { Slaves = [new SlaveBinding("a", JointMappings: [new JointMapping("tail")])] } },
        { "6 joints", Sound with { Model = new RobotModel("m", [RobotModels.So101.Joints[0]]), Slaves = [new SlaveBinding("a", SlaveKind.MicroPython)] } },
        { "room", Sound with { Room = new RoomName(null!, "bench") } },
        { "room", Sound with { Room = new RoomName("lab", "") } },
    };

    [Theory]
    [MemberData(nameof(Unsound), DisableDiscoveryEnumeration = true)]
    public void A_document_that_breaks_the_rules_is_refused_with_a_reason(string why, RobotDocument document) =>
        Assert.Contains(why, RobotDocumentRules.FindProblem(document, "robot-1"), StringComparison.Ordinal);

    [Fact]
    public void A_sound_document_is_accepted_and_so_is_one_without_slaves()
    {
        Assert.Null(RobotDocumentRules.FindProblem(Sound, "robot-1"));
        Assert.Null(RobotDocumentRules.FindProblem(Sound with { Master = null, Slaves = default, Room = null }, "robot-1"));
    }

    [Fact]
    public void A_robot_runs_from_whatever_the_rules_accept() => Prop.ForAll(AnyDocument.ToArbitrary(), document =>
    {
        if (RobotDocumentRules.FindProblem(document, "robot-1") is not null)
            return;
        Assert.NotNull(new RobotCore(document, false, RobotTiming.Default).Start());
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("room 1", true)]
    [InlineData("..a", true)]
    [InlineData("50%2F", true)]
    [InlineData("..", false)]
    [InlineData(".", false)]
    [InlineData("room/1", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("a\u0007", false)]
    public void A_room_id_fits_into_one_segment_of_a_path(string? id, bool isId) => Assert.Equal(isId, RoomName.IsId(id));

    private static Gen<RobotDocument> AnyDocument =>
        from model in Gen.Elements(RobotModels.So101, new RobotModel("m", [RobotModels.So101.Joints[5]]), new RobotModel("m", default))
        from master in Gen.Elements(null, new MasterBinding("leader-1"), new MasterBinding("program", MasterKind.Remote), new MasterBinding("a b"))
        from slaves in Gen.Elements(
            new SlaveBinding("a"),
            new SlaveBinding("b", SlaveKind.MicroPython),
            new SlaveBinding("c", SlaveKind.WebSocket, null, [new JointMapping("gripper", 3, "jaw")]),
            new SlaveBinding("d", SlaveKind.Remote),
            null).ListOf()
        from stopped in Gen.Elements(true, false)
        select new RobotDocument("robot-1", model, master, [.. slaves!], 1, stopped, 1);
}
