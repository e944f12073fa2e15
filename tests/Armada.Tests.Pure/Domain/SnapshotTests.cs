using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

/// <summary>What is shown of a robot.</summary>
public sealed class SnapshotTests
{
    private const string Leader = Rig.Leader;
    private const string Follower = Rig.Follower;

    [Fact]
    public void A_new_robot_knows_nothing_of_its_joints()
    {
        var rig = new Rig();

        Assert.Equal(rig.Now.Unix, rig.Snapshot.At);
        Assert.All(rig.Snapshot.Joints, joint => Assert.Equal(default, joint));
        Assert.Null(rig.Snapshot.Master);
    }

    [Fact]
    public void A_joint_shows_what_was_asked_what_is_aimed_at_and_what_is_with_the_time_of_each()
    {
        var rig = Rig.Routing(10);
        rig.Advance(1);
        var captured = rig.Now.Unix - 7000;
        rig.Slave(Follower, rig.Next(Follower) with { CapturedAt = captured }, rig.Pose(11));
        rig.Master(rig.Next(Leader) with { CapturedAt = captured + 1 }, 20, double.NaN, 3, 3, 3, 3);

        var joints = rig.Snapshot.Joints;
        Assert.Equal(new JointState(20, captured + 1, 20, rig.Now.Unix, 11, captured, 0), joints[0]);
        Assert.Equal((10, rig.Now.Unix - 1_000_000), (joints[1].Virtual, joints[1].VirtualAt));
        Assert.Equal((20, 3), (joints[0].Virtual, joints[2].Virtual));
    }

    [Fact]
    public void A_programs_goal_the_motion_towards_it_and_the_arm_are_three_things()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Slave(Follower, 0);
        var epoch = rig.Attach("script");
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go(("Rotation", 90))));
        var asked = rig.Now.Unix;
        rig.Tick();
        rig.Drive(0.2);

        var pan = rig.Snapshot.Joints[0];
        Assert.Equal((90, asked), (pan.Commanded, pan.CommandedAt));
        Assert.Equal(36, pan.Virtual!.Value, 0.1);
        Assert.Equal(rig.Now.Unix, pan.VirtualAt);
        Assert.InRange(pan.Real!.Value, 30, 36);
        var moved = rig.Now.Unix;
        rig.Drive(3);
        Assert.InRange(rig.Snapshot.Joints[0].VirtualAt!.Value, moved, moved + 400_000);
        Assert.Null(rig.Snapshot.Joints[1].Commanded);
    }

    [Fact]
    public void The_first_slave_that_says_where_it_is_speaks_for_the_robot()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding("viewer", SlaveKind.WebSocket, null, [new JointMapping("Pitch", 4)]), false));
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Slave(Follower, 30);
        rig.Accept(new RobotRequest.JoinSlave("viewer"));
        rig.Accept(new RobotRequest.SlaveReport("viewer", [new("Pitch", 14)]));

        Assert.Equal((30.0, 0.0), (rig.Snapshot.Joints[0].Real, rig.Snapshot.Joints[0].Offset));
        Assert.Equal((10.0, 4.0), (rig.Snapshot.Joints[1].Real, rig.Snapshot.Joints[1].Offset));
        rig.Accept(new RobotRequest.LeaveSlave("viewer", "closed"));
        Assert.Equal(30, rig.Snapshot.Joints[1].Real);
    }

    [Fact]
    public void Guests_follow_the_bound_slaves_and_a_slave_bound_later_goes_before_them()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.JoinSlave("guest"));
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Slave(Follower, 0);
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        rig.Stream(0.5, 10, 0);

        Assert.Equal([Follower, "guest"], rig.Core.Targets.Select(slave => slave.Name));
        Assert.Equal([Follower], rig.Snapshot.Slaves.Select(slave => slave.Binding.Name));
        Assert.Equal(["guest"], rig.Snapshot.UnboundSlaves.Select(slave => slave.Binding.Name));
        Assert.Equal([Follower, "guest"], rig.Commands.Select(command => command.Device).Distinct());
        Assert.Equal(10, rig.LastOf("guest").Positions[0]);
    }
}
