using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

/// <summary>Slaves that live by their connection: guests, and bound ones that a connected party fills.</summary>
public sealed class GuestTests
{
    private const string Leader = Rig.Leader;
    private const string Follower = Rig.Follower;
    private const string UnboundSlave = "guest";
    private readonly Rig rig = Rig.Routing();

    [Fact]
    public void A_guest_is_commanded_as_it_joins_and_raises_no_epoch()
    {
        rig.Stream(1, 30, 30);
        var document = rig.Core.Document;
        rig.Effects.Clear();
        Join(UnboundSlave);

        Assert.Equal([new RobotEvent(RobotEventKind.SlaveLive, UnboundSlave)], rig.Effects);
        Assert.Same(document, rig.Core.Document);
        rig.Master(Leader, 30);
        Assert.Equal(new SampleStamp(rig.Epoch, 1, rig.Now.Unix, 300), rig.LastOf(UnboundSlave).Stamp);
        Assert.Equal(UnboundSlave, Assert.Single(rig.Snapshot.UnboundSlaves).Binding.Name);
        Assert.False(rig.SlaveOf(Follower).Approaching);
    }

    [Fact]
    public void A_guest_that_leaves_is_forgotten()
    {
        Join(UnboundSlave);
        rig.Effects.Clear();
        rig.Accept(new RobotRequest.LeaveSlave(UnboundSlave, "closed"));

        Assert.Equal([new RobotEvent(RobotEventKind.SlaveLeft, UnboundSlave)], rig.Effects);
        Assert.Empty(rig.Snapshot.UnboundSlaves);
        Assert.Equal([Follower], rig.Core.Targets.Select(slave => slave.Name));
        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.LeaveSlave(UnboundSlave, "closed")));
    }

    [Fact]
    public void A_guest_does_not_survive_a_restart()
    {
        Join(UnboundSlave);
        rig.Restart();

        Assert.Empty(rig.Snapshot.UnboundSlaves);
    }

    [Fact]
    public void A_bound_websocket_slave_waits_for_its_party_and_fails_without_it()
    {
        var epoch = rig.Epoch;
        Bind("viewer", SlaveKind.WebSocket);
        Assert.Equal(epoch, rig.Epoch);
        Assert.Equal(SlaveState.Connecting, rig.SlaveOf("viewer").State);
        rig.Master(Leader, 0);
        Assert.DoesNotContain(rig.Commands, command => command.Device == "viewer");

        Join("viewer");
        Assert.Equal(SlaveState.Live, rig.SlaveOf("viewer").State);
        rig.Master(Leader, 0);
        Assert.Equal(1u, rig.LastOf("viewer").Stamp.Sequence);

        rig.Accept(new RobotRequest.LeaveSlave("viewer", "its socket closed"));
        Assert.Equal((SlaveState.Failed, "its socket closed"), (rig.SlaveOf("viewer").State, rig.SlaveOf("viewer").Reason));
        rig.Commands.Clear();
        Assert.Equal(FrameResult.Accepted, rig.Master(Leader, 0));
        Assert.Equal(Follower, Assert.Single(rig.Commands).Device);
    }

    [Fact]
    public void A_remote_slave_is_filled_likewise()
    {
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding("far", SlaveKind.Remote, "ws://far:8080/ws/slave/arm"), false));
        Join("far");
        rig.Master(Leader, 0);

        Assert.Equal(0, rig.LastOf("far").Positions[0]);
    }

    [Fact]
    public void A_micropython_slave_is_live_by_itself_and_raises_no_epoch()
    {
        var epoch = rig.Epoch;
        Bind("micro", SlaveKind.MicroPython);
        rig.Master(Leader, 0);

        Assert.Equal(epoch, rig.Epoch);
        Assert.Equal(SlaveState.Live, rig.SlaveOf("micro").State);
        Assert.Equal("micro", rig.Commands[^1].Device);
        Assert.DoesNotContain(rig.Effects, effect => effect is Effect.StartStream { Device: "micro" });
        rig.Accept(new RobotRequest.Stop());
        rig.Accept(new RobotRequest.Reset());
        rig.Presence("micro", true);
        Assert.DoesNotContain(rig.Effects, effect => effect is Effect.StopDevice { Device: "micro" } or Effect.ResetDevice { Device: "micro" });
        Assert.Equal(FrameResult.NotBound, rig.Slave("micro", 0));
    }

    [Fact]
    public void A_name_is_one_slaves_only()
    {
        Bind("viewer", SlaveKind.WebSocket);
        Bind("micro", SlaveKind.MicroPython);
        Join(UnboundSlave);

        foreach (var name in new[] { Follower, "micro" })
            Assert.Equal(RefusalReason.NameTaken, rig.Apply(new RobotRequest.JoinSlave(name)).Refused?.Reason);
        foreach (var (name, kind) in new[] { (UnboundSlave, SlaveKind.Device), (UnboundSlave, SlaveKind.WebSocket), ("viewer", SlaveKind.Device), (Follower, SlaveKind.WebSocket) })
            Assert.Equal(RefusalReason.NameTaken, rig.Apply(new RobotRequest.BindSlave(new SlaveBinding(name, kind), true)).Refused?.Reason);
    }

    [Fact]
    public void Joining_again_changes_nothing()
    {
        Join(UnboundSlave);
        rig.Master(Leader, 0);

        Assert.Same(Decision.Nothing, rig.Apply(new RobotRequest.JoinSlave(UnboundSlave)));
        rig.Master(Leader, 0);
        Assert.Equal(2u, rig.LastOf(UnboundSlave).Stamp.Sequence);
    }

    [Fact]
    public void A_slow_guest_lags_and_is_commanded_all_the_same()
    {
        Join(UnboundSlave);
        rig.Effects.Clear();
        rig.Accept(new RobotRequest.SlavePace(UnboundSlave, true));
        rig.Accept(new RobotRequest.SlavePace(UnboundSlave, true));
        Assert.Equal(SlaveState.Lagging, rig.SlaveOf(UnboundSlave).State);
        rig.Master(Leader, 0);
        Assert.Equal(UnboundSlave, rig.Commands[^1].Device);

        rig.Accept(new RobotRequest.SlavePace(UnboundSlave, false));
        Assert.Equal([new RobotEvent(RobotEventKind.SlaveLagging, UnboundSlave), new RobotEvent(RobotEventKind.SlaveLive, UnboundSlave)], rig.Effects);
        Assert.Equal(RefusalReason.UnknownSlave, rig.Apply(new RobotRequest.SlavePace("nobody", true)).Refused?.Reason);
        Assert.Equal(RefusalReason.UnknownSlave, rig.Apply(new RobotRequest.SlavePace(Follower, true)).Refused?.Reason);
    }

    [Fact]
    public void A_guest_is_stopped_with_the_robot()
    {
        Join(UnboundSlave);
        rig.Accept(new RobotRequest.Stop());

        Assert.Equal(SlaveState.Stopped, rig.SlaveOf(UnboundSlave).State);
    }

    [Fact]
    public void A_guest_that_attaches_is_no_slave_while_it_commands()
    {
        Join(UnboundSlave);
        rig.Accept(new RobotRequest.AttachRemote(UnboundSlave, true));
        Assert.Empty(rig.Snapshot.UnboundSlaves);

        rig.Accept(new RobotRequest.DetachRemote(UnboundSlave));
        Join(UnboundSlave);
        Assert.Single(rig.Snapshot.UnboundSlaves);
    }

    [Fact]
    public void A_guest_may_be_thrown_out()
    {
        Join(UnboundSlave);
        var version = rig.Core.Document.Version;
        rig.Accept(new RobotRequest.UnbindSlave(UnboundSlave));

        Assert.Empty(rig.Snapshot.UnboundSlaves);
        Assert.Equal(version, rig.Core.Document.Version);
        rig.DiskFails = true;
        rig.Apply(new RobotRequest.UnbindSlave(Follower));
        Assert.Empty(rig.Snapshot.UnboundSlaves);
    }

    [Fact]
    public void A_report_is_read_by_the_slaves_own_names_without_its_offsets()
    {
        rig.Accept(new RobotRequest.BindSlave(
            new SlaveBinding("viewer", SlaveKind.WebSocket, null, [new JointMapping("shoulder_pan", 5, "base"), new JointMapping("Jaw", -2)]), false));
        Join("viewer");
        Report("viewer", ("base", 35), ("Pitch", 10), ("gripper", 20));

        var joints = rig.SlaveOf("viewer").Joints;
        Assert.Equal([30.0, 10.0, null, null, null, 22.0], joints.Select(joint => joint.Real));
    }

    public static TheoryData<string, ImmutableArray<JointReading>> Unsound() => new()
    {
        { "1 to 32", [] },
        { "1 to 32", default },
        { "no joint tail", [new("tail", 0)] },
        { "a number", [new("Pitch", 1), new("Rotation", double.NaN)] },
        { "a number", [new("Pitch", 1), new("Rotation", 1e9)] },
    };

    [Theory]
    [MemberData(nameof(Unsound))]
    public void An_unsound_report_is_refused_as_a_whole(string why, ImmutableArray<JointReading> joints)
    {
        Join(UnboundSlave);
        var refused = rig.Apply(new RobotRequest.SlaveReport(UnboundSlave, joints)).Refused;

        Assert.Equal(RefusalReason.Invalid, refused?.Reason);
        Assert.Contains(why, refused!.Text, StringComparison.Ordinal);
        Assert.All(rig.SlaveOf(UnboundSlave).Joints, joint => Assert.Null(joint.Real));
    }

    [Fact]
    public void Only_those_who_joined_report() =>
        Assert.Equal(RefusalReason.UnknownSlave, rig.Apply(new RobotRequest.SlaveReport(Follower, [new("Pitch", 1)])).Refused?.Reason);

    [Fact]
    public void A_bound_slave_whose_unbinding_could_not_be_stored_stays_filled()
    {
        Bind("viewer", SlaveKind.WebSocket);
        Join("viewer");
        rig.DiskFails = true;
        rig.Apply(new RobotRequest.UnbindSlave("viewer"));

        Assert.Equal(SlaveState.Live, rig.SlaveOf("viewer").State);
    }

    [Fact]
    public void Guests_and_filled_slaves_outlive_a_failed_write_and_a_change_of_limits()
    {
        Bind("viewer", SlaveKind.WebSocket);
        Join("viewer");
        Join(UnboundSlave);
        rig.DiskFails = true;
        rig.Apply(new RobotRequest.UnbindMaster());
        rig.DiskFails = false;
        rig.Accept(new RobotRequest.Configure(RobotModels.So100));

        Assert.Equal([Follower, "viewer", UnboundSlave], rig.Core.Targets.Select(slave => slave.Name));
        Assert.Equal(SlaveState.Live, rig.SlaveOf("viewer").State);
        Assert.Equal(SlaveState.Live, rig.SlaveOf(UnboundSlave).State);
    }

    private void Bind(string name, SlaveKind kind) => rig.Accept(new RobotRequest.BindSlave(new SlaveBinding(name, kind), false));

    private void Join(string name) => rig.Accept(new RobotRequest.JoinSlave(name));

    private void Report(string name, params (string Joint, double Value)[] joints) =>
        rig.Accept(new RobotRequest.SlaveReport(name, [.. joints.Select(joint => new JointReading(joint.Joint, joint.Value))]));
}
