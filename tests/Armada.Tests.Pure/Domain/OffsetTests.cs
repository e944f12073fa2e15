using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

/// <summary>Calibration offsets: added when sending, taken off when reading.</summary>
public sealed class OffsetTests
{
    private const string Leader = Rig.Leader;
    private const string Follower = Rig.Follower;
    private static readonly SlaveBinding Tuned = new(Follower, SlaveKind.Device, null, [new JointMapping("shoulder_pan", 5), new JointMapping("Jaw", -3)]);

    [Fact]
    public void A_device_is_sent_and_read_with_its_offsets()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Tuned, false));
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.Master(Leader, 20);
        rig.Slave(Follower, 20);

        var joints = rig.Snapshot.Joints;
        Assert.Equal((15.0, 5.0), (joints[0].Real, joints[0].Offset));
        Assert.Equal((20.0, 0.0), (joints[1].Real, joints[1].Offset));
        Assert.Equal((23.0, -3.0), (joints[5].Real, joints[5].Offset));
        rig.Stream(1, 20, 20);
        Assert.Equal([25, 20, 20, 20, 20, 17], rig.LastOf(Follower).Positions);
        Assert.Equal(20, rig.SlaveOf(Follower).Joints[0].Commanded);
    }

    [Fact]
    public void A_guests_party_gets_them_added()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Tuned with { Name = "viewer", Kind = SlaveKind.WebSocket }, false));
        rig.Accept(new RobotRequest.JoinSlave("viewer"));
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.Stream(1, 20, 20);

        Assert.Equal([25, 20, 20, 20, 20, 17], rig.LastOf("viewer").Positions);
    }

    [Fact]
    public void Limits_are_those_of_the_robots_joint_without_the_offset()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Tuned, false));
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.Slave(Follower, 0);
        rig.Stream(5, 500, 0);

        Assert.Equal(115, rig.LastOf(Follower).Positions[0]);
    }

    [Fact]
    public void Other_offsets_do_not_lose_where_the_arm_is()
    {
        var rig = Rig.Routing(20);
        rig.Stream(1, 20, 20);
        var epoch = rig.Epoch;
        rig.Accept(new RobotRequest.BindSlave(Tuned, false));

        Assert.True(rig.Epoch > epoch);
        Assert.Equal(15, rig.SlaveOf(Follower).Joints[0].Real);
        rig.Advance(0.01);
        rig.Master(Leader, 20);
        Assert.Equal([25, 20, 20, 20, 20, 17], rig.LastOf(Follower).Positions);
        Assert.True(rig.LastOf(Follower).Stamp.Approach);
        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.BindSlave(Tuned, false)));
    }

    [Fact]
    public void They_survive_a_restart()
    {
        var rig = Rig.Routing();
        rig.Accept(new RobotRequest.BindSlave(Tuned, false));
        rig.Restart();

        Assert.Equal(Tuned, Assert.Single(rig.Core.Targets));
    }
}
