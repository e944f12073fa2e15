using System.Collections.Immutable;
using Armada.Core.Control;
using Armada.Core.Routing;

namespace Armada.Core.Robots;

/// <summary>Where a master's lease stands.</summary>
public enum MasterState : byte
{
    /// <summary>Bound; no frame of this epoch has come yet.</summary>
    Waiting,

    /// <summary>Its frames come and are routed.</summary>
    Live,

    /// <summary>It fell silent; its epoch is dead, and its next frame begins a new one.</summary>
    Lost,
}

/// <summary>Where a slave stands.</summary>
public enum SlaveState : byte
{
    /// <summary>Bound; no frame has come yet.</summary>
    Connecting,

    /// <summary>Its frames come.</summary>
    Live,

    /// <summary>Its frames come late; it is still commanded.</summary>
    Lagging,

    /// <summary>Silent, offline or unfit; not commanded.</summary>
    Failed,

    /// <summary>The robot's or the fleet's stop is latched.</summary>
    Stopped,
}

/// <summary>One robot as it was at one moment.</summary>
/// <param name="At">When, Unix microseconds.</param>
/// <param name="Document">Model, bindings, epoch, own stop.</param>
/// <param name="FleetStopped">Whether the fleet's stop is latched.</param>
/// <param name="Master">The bound master, or null.</param>
/// <param name="Slaves">The slaves, in the document's order.</param>
/// <param name="UnboundSlaves">Connected slaves that are bound to nothing; they follow the bound ones.</param>
/// <param name="Joints">Where the robot's joints are and should be, in the model's order.</param>
/// <param name="Manual">Whether a manual command is being executed or has been just now.</param>
/// <param name="IsReachable">False where its silo does not answer; the rest is then as it was last known.</param>
[GenerateSerializer, Immutable, Alias("armada.robot.snapshot")]
public sealed record RobotSnapshot(
    [Id(0)] long At,
    [Id(1)] RobotDocument Document,
    [Id(2)] bool FleetStopped,
    [Id(3)] MasterSnapshot? Master,
    [Id(4)] ImmutableArray<SlaveSnapshot> Slaves,
    [Id(5)] ImmutableArray<SlaveSnapshot> UnboundSlaves,
    [Id(6)] ImmutableArray<JointState> Joints,
    [Id(7)] bool Manual,
    [Id(8)] bool IsReachable = true)
{
    /// <summary>Whether any stop is latched.</summary>
    public bool Stopped => FleetStopped || Document.Stopped;

    /// <summary>A robot of which nothing but its name is known.</summary>
    public static RobotSnapshot Unknown(string id) =>
        new(0, new RobotDocument(id, new RobotModel("", []), null, [], 0, false, 0), false, null, [], [], [], false, IsReachable: false);
}

/// <summary>A master as it was.</summary>
/// <param name="Name">Device, client or sequence name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="State">Where its lease stands.</param>
/// <param name="Epoch">The robot's epoch; of a program or motion the one its lease began with.</param>
/// <param name="Age">Time since its last accepted frame, or null.</param>
/// <param name="FramesPerSecond">Frames that came, of whatever verdict, in the last whole second.</param>
/// <param name="Fault">Whether its last frame reported a fault.</param>
/// <param name="Frames">Its frames since it was bound here.</param>
/// <param name="Playing">Of a motion, where it stands; otherwise null.</param>
[GenerateSerializer, Immutable, Alias("armada.master.snapshot")]
public sealed record MasterSnapshot(
    [Id(0)] string Name,
    [Id(1)] MasterKind Kind,
    [Id(2)] MasterState State,
    [Id(3)] uint Epoch,
    [Id(4)] TimeSpan? Age,
    [Id(5)] double FramesPerSecond,
    [Id(6)] bool Fault,
    [Id(7)] FrameCounts Frames,
    [Id(8)] PlaySnapshot? Playing);

/// <summary>A motion as it was being played.</summary>
/// <param name="Position">Where it is.</param>
/// <param name="Duration">How long it lasts.</param>
/// <param name="Loop">Whether it begins again at its end.</param>
/// <param name="Paused">Whether it stands still.</param>
[GenerateSerializer, Immutable, Alias("armada.play.snapshot")]
public sealed record PlaySnapshot([Id(0)] TimeSpan Position, [Id(1)] TimeSpan Duration, [Id(2)] bool Loop, [Id(3)] bool Paused);

/// <summary>A slave as it was.</summary>
/// <param name="Binding">Name, kind, address, offsets and joint names; of a guest as if it were bound.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">Why it has failed, in words; or null.</param>
/// <param name="Approaching">Whether it moves slowly towards the master's pose, not tracking yet.</param>
/// <param name="Age">Time since its last accepted frame, or null.</param>
/// <param name="FramesPerSecond">Frames that came in the last whole second.</param>
/// <param name="Fault">Whether its last frame reported a fault.</param>
/// <param name="Commands">Commands sent to it since it was bound.</param>
/// <param name="CommandedAt">When it was last commanded, Unix microseconds; or null.</param>
/// <param name="RealAt">When its pose was captured, Unix microseconds of its own clock; or null.</param>
/// <param name="Joints">Commanded and real pose, in the model's order.</param>
/// <param name="Frames">Its frames since it was bound here.</param>
/// <param name="LagMs">From the leader's capture to the write on its bus, over its last 1000 commands; null where it does not say.</param>
/// <param name="Unconfirmed">The stop or reset that it has not confirmed, or null.</param>
[GenerateSerializer, Immutable, Alias("armada.slave.snapshot")]
public sealed record SlaveSnapshot(
    [Id(0)] SlaveBinding Binding,
    [Id(1)] SlaveState State,
    [Id(2)] string? Reason,
    [Id(3)] bool Approaching,
    [Id(4)] TimeSpan? Age,
    [Id(5)] double FramesPerSecond,
    [Id(6)] bool Fault,
    [Id(7)] long Commands,
    [Id(8)] long? CommandedAt,
    [Id(9)] long? RealAt,
    [Id(10)] ImmutableArray<JointPose> Joints,
    [Id(11)] FrameCounts Frames,
    [Id(12)] LagPercentiles? LagMs = null,
    [Id(13)] UnconfirmedControl? Unconfirmed = null);

/// <summary>A stop or reset that a device has not confirmed; it is sent again until it has.</summary>
/// <param name="Op">Which.</param>
/// <param name="Refusal">Why the device refuses it, in its words; null if it has not answered.</param>
[GenerateSerializer, Immutable, Alias("armada.unconfirmed-control")]
public sealed record UnconfirmedControl([Id(0)] ControlOp Op, [Id(1)] string? Refusal);

/// <summary>Percentiles of a lag, milliseconds.</summary>
/// <param name="Samples">How many values they are over.</param>
/// <param name="P50">Half of the values are at most this.</param>
/// <param name="P95">95 of 100 values are at most this.</param>
/// <param name="P99">99 of 100 values are at most this.</param>
[GenerateSerializer, Immutable, Alias("armada.lag-percentiles")]
public sealed record LagPercentiles([Id(0)] int Samples, [Id(1)] double P50, [Id(2)] double P95, [Id(3)] double P99);

/// <summary>A joint of a robot as it was. Times are Unix microseconds; null where the value is.</summary>
/// <param name="Commanded">Last position the master or the panel asked for, joint units.</param>
/// <param name="CommandedAt">When it was asked for, by its source's clock.</param>
/// <param name="Virtual">Where the virtual robot is: the motion towards it, within the limits.</param>
/// <param name="VirtualAt">When that was last set.</param>
/// <param name="Real">Where the joint is on the first slave that says so, its offset taken away.</param>
/// <param name="RealAt">When it was captured, by that slave's clock.</param>
/// <param name="Offset">That slave's calibration offset; 0 where no slave says where it is.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.state")]
public readonly record struct JointState(
    [Id(0)] double? Commanded,
    [Id(1)] long? CommandedAt,
    [Id(2)] double? Virtual,
    [Id(3)] long? VirtualAt,
    [Id(4)] double? Real,
    [Id(5)] long? RealAt,
    [Id(6)] double Offset);

/// <summary>One joint of a slave.</summary>
/// <param name="Commanded">Last position sent to it, joint units; or null.</param>
/// <param name="Real">Last position read from it, joint units; or null.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.pose")]
public readonly record struct JointPose([Id(0)] double? Commanded, [Id(1)] double? Real);
