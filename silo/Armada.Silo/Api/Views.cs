using System.ComponentModel;
using System.Text.Json.Serialization;
using Armada.Core.Robots;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Api;

/// <summary>A robot with its bindings and their states.</summary>
internal sealed record RobotView(
    string Id,
    string Model,
    [property: Description("The robot's own stop is latched.")] bool Stopped,
    [property: Description("The fleet's stop is latched.")] bool FleetStopped,
    [property: Description("A manual command is being executed or has been just now.")] bool Manual,
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
    double Rest,
    JointMotion Motion,
    [property: Description("Id of its servo, where somebody said it.")] int? ServoId);

/// <summary>A robot's master.</summary>
internal sealed record MasterView(
    [property: Description("device, remote or sequence.")] string Type,
    [property: Description("Name of the device or program, or the sequence's id.")] string Name,
    MasterState State,
    [property: Description("Of a remote program, that of its lease, which its commands must bring; otherwise the robot's.")] uint Epoch,
    [property: Description("Where a sequence stands.")] PlayingView? Playing,
    [property: Description("Milliseconds since its last accepted frame.")] double? FrameAgeMs,
    double FramesPerSecond,
    bool Fault,
    [property: Description("Its frames by what became of them, since it was bound or the silo started.")]
    IReadOnlyDictionary<string, long> Frames,
    [property: Description("What the device said of itself last.")] DeviceView? Reported);

/// <summary>Where a motion stands.</summary>
internal sealed record PlayingView(double PositionMs, double DurationMs, bool Loop, bool Paused);

/// <summary>One of a robot's slaves.</summary>
internal sealed record SlaveView(
    [property: Description("device, micropython, websocket or remote.")] string Type,
    string Name,
    [property: Description("It is connected without being bound to the robot, and is removed when it disconnects.")] bool Unbound,
    [property: Description("Of a remote robot, the other service's slave door.")] string? Url,
    [property: Description("Calibration offsets that are not 0, by joint.")] IReadOnlyDictionary<string, double> Offsets,
    [property: Description("The slave's own names of joints, where they differ from the robot's.")]
    IReadOnlyDictionary<string, string> JointNames,
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
internal sealed record ReadinessView(
    bool Ready,
    bool StoreLoaded,
    bool LinkUp,
    [property: Description("Active silos of the cluster as this one sees it; missing where there is no cluster.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Silos);
