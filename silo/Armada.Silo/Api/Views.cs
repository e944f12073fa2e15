using System.ComponentModel;
using Armada.Domain.Robots;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Api;

/// <summary>A robot with its bindings and their states.</summary>
internal sealed record RobotView(
    string Id,
    string Model,
    [property: Description("The robot's own stop is latched.")] bool Stopped,
    [property: Description("The fleet's stop is latched.")] bool FleetStopped,
    [property: Description("Fencing number of the master's lease; never goes back.")] uint Epoch,
    long Version,
    MasterView? Master,
    IReadOnlyList<SlaveView> Slaves,
    IReadOnlyList<JointView> Joints);

/// <summary>A joint and what it may do.</summary>
internal sealed record JointView(
    string Name,
    JointUnit Unit,
    double Min,
    double Max,
    [property: Description("Units per second.")] double MaxVelocity,
    double Rest);

/// <summary>A robot's master.</summary>
internal sealed record MasterView(
    string Type,
    string Device,
    MasterState State,
    uint Epoch,
    [property: Description("Milliseconds since its last accepted frame.")] double? FrameAgeMs,
    double FramesPerSecond,
    bool Fault,
    [property: Description("Its frames by what became of them, since it was bound or the silo started.")]
    IReadOnlyDictionary<string, long> Frames,
    [property: Description("What the device said of itself last.")] DeviceView? Reported);

/// <summary>One of a robot's slaves.</summary>
internal sealed record SlaveView(
    string Type,
    string Device,
    SlaveState State,
    [property: Description("Why it has failed.")] string? Reason,
    [property: Description("It moves slowly towards the master's pose and does not track yet.")] bool Approaching,
    double? FrameAgeMs,
    double FramesPerSecond,
    bool Fault,
    [property: Description("Commands sent to it.")] long Commands,
    [property: Description("From the leader's capture to the write on this follower's bus, over its last 1000 commands.")]
    LagPercentiles? LagMs,
    [property: Description("A stop or reset it has not answered yet.")] string? Unanswered,
    IReadOnlyDictionary<string, long> Frames,
    DeviceView? Reported);

/// <summary>What a device said of itself last.</summary>
internal sealed record DeviceView(
    bool Online,
    DateTimeOffset At,
    string? Kind,
    string? Agent,
    string? State,
    double? Voltage,
    IReadOnlyList<double>? Temperatures,
    IReadOnlyList<string>? Faults);

/// <summary>Where a robot's joints are and should be.</summary>
internal sealed record RobotStateView(
    string Robot,
    DateTimeOffset At,
    [property: Description("When the master captured the target, by its clock.")] DateTimeOffset? TargetAt,
    IReadOnlyList<JointTargetView> Joints,
    IReadOnlyList<SlaveStateView> Slaves);

/// <summary>What one joint is asked for.</summary>
internal sealed record JointTargetView(
    string Name,
    JointUnit Unit,
    [property: Description("As the master sent it.")] double? Commanded,
    [property: Description("The same within the joint's limits.")] double? Virtual);

/// <summary>Where one slave's joints are.</summary>
internal sealed record SlaveStateView(
    string Device,
    SlaveState State,
    [property: Description("When it was last commanded.")] DateTimeOffset? CommandedAt,
    [property: Description("When its pose was captured, by its clock.")] DateTimeOffset? RealAt,
    IReadOnlyList<SlaveJointView> Joints);

/// <summary>One joint of a slave.</summary>
internal sealed record SlaveJointView(
    string Name,
    double? Commanded,
    double? Real,
    [property: Description("Real less commanded.")] double? Offset);

/// <summary>The fleet as a whole.</summary>
internal sealed record FleetView(
    [property: Description("The fleet's stop is latched.")] bool Stopped,
    int Robots,
    int MastersLive,
    [property: Description("Whether the broker is reached.")] bool LinkUp,
    [property: Description("Leader frames routed since the silo started.")] long FramesRouted,
    [property: Description("Command frames given to the link.")] long Commands,
    [property: Description("Frames dropped since the silo started, by reason.")] IReadOnlyDictionary<string, long> FramesDropped);

/// <summary>Whether the silo can do its work.</summary>
internal sealed record ReadinessView(bool Ready, bool StoreLoaded, bool LinkUp);
