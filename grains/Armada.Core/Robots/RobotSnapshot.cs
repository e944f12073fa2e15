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

/// <param name="At">Unix microseconds.</param>
/// <param name="Slaves">In the document's order.</param>
/// <param name="UnboundSlaves">Connected ones that are not bound; they follow the bound ones.</param>
/// <param name="Joints">In the model's order.</param>
/// <param name="Manual">Whether a manual command is being executed, or was just now.</param>
/// <param name="IsReachable">False where its silo does not answer; the rest is then as last known.</param>
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
    public bool Stopped => FleetStopped || Document.Stopped;

    /// <summary>A robot of which only the id is known.</summary>
    public static RobotSnapshot Unknown(string id) =>
        new(0, new RobotDocument(id, new RobotModel("", []), null, [], 0, false, 0), false, null, [], [], [], false, IsReachable: false);
}

/// <param name="Epoch">The robot's epoch; for a program or motion the one its lease began with.</param>
/// <param name="Age">Time since its last accepted frame, or null.</param>
/// <param name="FramesPerSecond">Frames received in the last whole second, whatever became of them.</param>
/// <param name="Fault">Whether its last frame reported a fault.</param>
/// <param name="Frames">Since it was bound here.</param>
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
    [Id(8)] PlaySnapshot? Playing,
    [Id(9)] DeviceReport? Reported = null);

[GenerateSerializer, Immutable, Alias("armada.play.snapshot")]
public sealed record PlaySnapshot([Id(0)] TimeSpan Position, [Id(1)] TimeSpan Duration, [Id(2)] bool Loop, [Id(3)] bool Paused);

/// <param name="Reason">Why it has failed; or null.</param>
/// <param name="Approaching">Whether it moves slowly towards the master's pose, not tracking yet.</param>
/// <param name="Age">Time since its last accepted frame, or null.</param>
/// <param name="FramesPerSecond">Frames received in the last whole second.</param>
/// <param name="Fault">Whether its last frame reported a fault.</param>
/// <param name="Commands">Sent to it since it was bound.</param>
/// <param name="CommandedAt">Unix microseconds; or null.</param>
/// <param name="RealAt">Unix microseconds of its own clock; or null.</param>
/// <param name="Joints">In the model's order.</param>
/// <param name="Frames">Since it was bound here.</param>
/// <param name="LagMs">From the leader's capture to the write on its bus, over its last 1000 commands; null where unknown.</param>
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
    [Id(13)] UnconfirmedControl? Unconfirmed = null,
    [Id(14)] DeviceReport? Reported = null);

/// <summary>What a device said of itself last.</summary>
/// <param name="At">When it was received, Unix microseconds.</param>
/// <param name="Kind">Such as so101-leader; or null.</param>
/// <param name="Agent">Version of its agent; or null.</param>
/// <param name="State">What it does, in its own word; or null.</param>
/// <param name="Voltage">Lowest supply voltage of its servos, volts.</param>
/// <param name="Temperatures">Per joint, °C; default where it gives none.</param>
/// <param name="Faults">In its own words; default where it gives none.</param>
/// <param name="Joints">In the order of its frames; default where it gives none.</param>
/// <param name="Paths">Its first and its second; default where it has one. Offline with two, only the first is known to be lost.</param>
/// <param name="Playout">Of a follower with a master; or null.</param>
[GenerateSerializer, Immutable, Alias("armada.device.report")]
public sealed record DeviceReport(
    [Id(0)] long At,
    [Id(1)] bool Online,
    [Id(2)] string? Kind = null,
    [Id(3)] string? Agent = null,
    [Id(4)] string? State = null,
    [Id(5)] double? Voltage = null,
    [Id(6)] ImmutableArray<double> Temperatures = default,
    [Id(7)] ImmutableArray<string> Faults = default,
    [Id(8)] ImmutableArray<string> Joints = default,
    [Id(9)] ImmutableArray<PathPresence> Paths = default,
    [Id(10)] PlayoutReport? Playout = null)
{
    public bool HasSecondPath => !Paths.IsDefault;

    /// <summary>Whether its own stop is latched.</summary>
    public bool IsStopped => State == "stopped";
}

/// <summary>A stop or reset that a device has not confirmed; it is sent again until it has.</summary>
/// <param name="Refusal">Why the device refuses it; null if it has not answered.</param>
[GenerateSerializer, Immutable, Alias("armada.unconfirmed-control")]
public sealed record UnconfirmedControl([Id(0)] ControlOp Op, [Id(1)] string? Refusal);

/// <summary>Percentiles of a lag, milliseconds.</summary>
[GenerateSerializer, Immutable, Alias("armada.lag-percentiles")]
public sealed record LagPercentiles([Id(0)] int Samples, [Id(1)] double P50, [Id(2)] double P95, [Id(3)] double P99);

/// <summary>A joint of a robot. Positions are in joint units, times in Unix microseconds.</summary>
/// <param name="Commanded">Last position requested.</param>
/// <param name="CommandedAt">By the clock of whoever requested it.</param>
/// <param name="Virtual">Where the virtual robot is on its way there, within the limits.</param>
/// <param name="Real">On the first slave that reads it, without its offset.</param>
/// <param name="RealAt">By that slave's clock.</param>
/// <param name="Offset">Of that slave; 0 where none reads it.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.state")]
public readonly record struct JointState(
    [Id(0)] double? Commanded,
    [Id(1)] long? CommandedAt,
    [Id(2)] double? Virtual,
    [Id(3)] long? VirtualAt,
    [Id(4)] double? Real,
    [Id(5)] long? RealAt,
    [Id(6)] double Offset);

/// <summary>One joint of a slave, joint units: the last position sent, and the last one read.</summary>
[GenerateSerializer, Immutable, Alias("armada.joint.pose")]
public readonly record struct JointPose([Id(0)] double? Commanded, [Id(1)] double? Real);
