using System.Collections.Immutable;
using Armada.Domain.Routing;

namespace Armada.Domain.Robots;

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
/// <param name="Joints">What the robot is asked for, in the model's order.</param>
/// <param name="TargetAt">When the target of <paramref name="Joints"/> was captured at the master, Unix microseconds of its clock; or null.</param>
public sealed record RobotSnapshot(
    long At,
    RobotDocument Document,
    bool FleetStopped,
    MasterSnapshot? Master,
    ImmutableArray<SlaveSnapshot> Slaves,
    ImmutableArray<JointTarget> Joints,
    long? TargetAt)
{
    /// <summary>Whether any stop is latched.</summary>
    public bool Stopped => FleetStopped || Document.Stopped;
}

/// <summary>A master as it was.</summary>
/// <param name="Device">Device name.</param>
/// <param name="State">Where its lease stands.</param>
/// <param name="Epoch">The robot's epoch.</param>
/// <param name="Age">Time since its last accepted frame, or null.</param>
/// <param name="FramesPerSecond">Frames that came, of whatever verdict, in the last whole second.</param>
/// <param name="Fault">Whether its last frame reported a fault.</param>
/// <param name="Frames">Its frames since it was bound here.</param>
public sealed record MasterSnapshot(
    string Device, MasterState State, uint Epoch, TimeSpan? Age, double FramesPerSecond, bool Fault, FrameCounts Frames);

/// <summary>A slave as it was.</summary>
/// <param name="Device">Device name.</param>
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
public sealed record SlaveSnapshot(
    string Device,
    SlaveState State,
    string? Reason,
    bool Approaching,
    TimeSpan? Age,
    double FramesPerSecond,
    bool Fault,
    long Commands,
    long? CommandedAt,
    long? RealAt,
    ImmutableArray<JointPose> Joints,
    FrameCounts Frames);

/// <summary>What a robot's joint is asked for.</summary>
/// <param name="Commanded">As the master sent it, joint units; null where it never gave a reading.</param>
/// <param name="Virtual">The same within the joint's limits: the pose of the virtual robot.</param>
public readonly record struct JointTarget(double? Commanded, double? Virtual);

/// <summary>One joint of a slave.</summary>
/// <param name="Commanded">Last position sent to it, joint units; or null.</param>
/// <param name="Real">Last position read from it, joint units; or null.</param>
public readonly record struct JointPose(double? Commanded, double? Real);
