using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

/// <summary>Changes of joints and limits.</summary>
public sealed class ConfigureTests
{
    private const string Follower = Rig.Follower;
    private static readonly RobotModel Slow =
        RobotModels.So101 with { Joints = [.. RobotModels.So101.Joints.Select(joint => joint with { MaxVelocity = 10 })] };

    [Fact]
    public void A_change_made_for_another_version_is_refused_and_tells_the_present_one()
    {
        var rig = new Rig();
        var version = rig.Core.Document.Version;
        rig.Accept(new RobotRequest.BindSlave(Follower, false));

        var refused = rig.Apply(new RobotRequest.Configure(Slow, version)).Refused;
        Assert.Equal(RefusalReason.VersionChanged, refused?.Reason);
        Assert.Contains($"version {version + 1}", refused!.Text, StringComparison.Ordinal);
        rig.Accept(new RobotRequest.Configure(Slow, version + 1));
        Assert.Equal(Slow, rig.Durable.Model);
    }

    [Fact]
    public void A_programs_goals_are_gone_and_its_lease_is_not()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Slave(Follower, 0);
        var epoch = rig.Attach("script");
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go(("Rotation", 100))));
        rig.Drive(0.2);

        rig.Accept(new RobotRequest.Configure(Slow));
        rig.Commands.Clear();
        rig.Drive(1);
        Assert.Empty(rig.Commands);

        var at = rig.SlaveOf(Follower).Joints[0].Real!.Value;
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go(("Rotation", 100))));
        rig.Drive(1);
        Assert.Equal(at + 10, rig.LastOf(Follower).Positions[0], 0.5);
    }

    [Fact]
    public void A_manual_spell_ends_and_its_streams_with_it()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Slave(Follower, 0);
        rig.Accept(new RobotRequest.Manual(Rig.Go(("Rotation", 100))));
        rig.Drive(0.1);
        var epoch = rig.Epoch;
        rig.Effects.Clear();

        rig.Accept(new RobotRequest.Configure(Slow));

        Assert.Equal(
            [
                new RobotEvent(RobotEventKind.ManualEnded, "robot-1"),
                new Effect.StopStream(Follower, epoch),
                new Effect.Persist(rig.Core.Document),
                new RobotEvent(RobotEventKind.Configured, "robot-1"),
            ],
            rig.Effects);
    }

    [Fact]
    public void Joints_that_a_bound_slave_does_not_have_are_refused()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding("viewer", SlaveKind.WebSocket, null, [new JointMapping("gripper", 2)]), false));
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding("micro", SlaveKind.MicroPython), false));
        var five = RobotModels.So101 with { Joints = RobotModels.So101.Joints.RemoveAt(5) };

        Assert.Contains("gripper", rig.Apply(new RobotRequest.Configure(five)).Refused!.Text, StringComparison.Ordinal);
        rig.Accept(new RobotRequest.UnbindSlave("viewer"));
        Assert.Contains("MicroPython", rig.Apply(new RobotRequest.Configure(five)).Refused!.Text, StringComparison.Ordinal);
        rig.Accept(new RobotRequest.UnbindSlave("micro"));
        rig.Accept(new RobotRequest.Configure(five));
        Assert.Equal(5, rig.Snapshot.Joints.Length);
    }

    [Fact]
    public void The_robot_knows_where_it_was_for_joints_that_mean_the_same()
    {
        var rig = Rig.Routing();
        rig.Stream(1, 30, 30);
        var joints = RobotModels.So101.Joints;
        var other = RobotModels.So101 with
        {
            Joints = [joints[5], joints[0], joints[1] with { Name = "lift" }, joints[2] with { Min = -20, Max = 20 }],
        };
        rig.Accept(new RobotRequest.Configure(other));

        Assert.Equal([30.0, 30.0, null, 20.0], rig.Snapshot.Joints.Select(joint => joint.Virtual));
    }

    [Fact]
    public void A_slave_that_was_offline_stays_so()
    {
        var rig = Rig.Routing();
        rig.Presence(Follower, false);
        rig.Accept(new RobotRequest.Configure(Slow));

        Assert.Equal(SlaveState.Failed, rig.SlaveOf(Follower).State);
        Assert.Contains(new Effect.StartStream(Follower, rig.Epoch), rig.Presence(Follower, true).Effects);
    }

    [Fact]
    public void Change_that_could_not_be_stored_leaves_the_old_joints()
    {
        var rig = Rig.Routing();
        rig.DiskFails = true;
        rig.Apply(new RobotRequest.Configure(RobotModels.So101 with { Joints = [RobotModels.So101.Joints[0]] }));

        Assert.Equal(RobotModels.So101, rig.Core.Document.Model);
        Assert.Equal(6, rig.Snapshot.Joints.Length);
        Assert.Equal(FrameResult.Accepted, rig.Slave(Follower, 0));
    }
}
