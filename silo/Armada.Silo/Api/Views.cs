using System.ComponentModel;
using System.Text.Json.Serialization;
using Armada.Core.Control;

namespace Armada.Silo.Api;

internal sealed record RobotView(
    string Id,
    string Model,
    [property: Description("The robot's own stop is latched.")] bool Stopped,
    [property: Description("The fleet's stop is latched.")] bool FleetStopped,
    [property: Description("A manual command is being executed, or was a moment ago.")] bool Manual,
    [property: Description("Fencing number of the master's lease; never goes back.")] uint Epoch,
    long Version,
    MasterView? Master,
    IReadOnlyList<SlaveView> Slaves,
    IReadOnlyList<Joint> Joints,
    [property: Description("Its silo does not answer; the rest is as it was last known.")] bool Unreachable);

internal sealed record MasterView(
    [property: Description("device, remote or sequence.")] string Type,
    [property: Description("Name of the device or program, or the sequence's id.")] string Name,
    MasterState State,
    [property: Description("Of a remote program: the epoch of its lease, which its commands must carry; otherwise the robot's.")] uint Epoch,
    [property: Description("Playback position of a sequence.")] PlayingView? Playing,
    [property: Description("Milliseconds since its last accepted frame.")] double? FrameAgeMs,
    double FramesPerSecond,
    bool Fault,
    [property: Description("Its frames by result, since it was bound or the silo started.")]
    IReadOnlyDictionary<string, long> Frames,
    [property: Description("The device's last report.")] DeviceView? Reported);

internal sealed record PlayingView(double PositionMs, double DurationMs, bool Loop, bool Paused)
{
    public static PlayingView? Of(PlaySnapshot? playing) =>
        playing is null ? null : new(playing.Position.TotalMilliseconds, playing.Duration.TotalMilliseconds, playing.Loop, playing.Paused);
}

internal sealed record SlaveView(
    [property: Description("device, micropython, websocket or remote.")] string Type,
    string Name,
    [property: Description("It is connected without being bound to the robot, and is removed when it disconnects.")] bool Unbound,
    [property: Description("Of a remote robot: the other service's slave endpoint.")] string? Url,
    [property: Description("Calibration offsets that are not 0, by joint.")] IReadOnlyDictionary<string, double> Offsets,
    [property: Description("The slave's own joint names, where they differ from the robot's.")]
    IReadOnlyDictionary<string, string> JointNames,
    SlaveState State,
    [property: Description("Why it has failed.")] string? Reason,
    [property: Description("It moves slowly toward the master's pose and does not track it yet.")] bool Approaching,
    double? FrameAgeMs,
    double FramesPerSecond,
    bool Fault,
    [property: Description("Commands sent to it.")] long Commands,
    [property: Description("From the leader's capture to the write on this follower's bus, over its last 1000 commands.")]
    LagPercentiles? LagMs,
    [property: Description("A stop or reset that it has not confirmed; it is asked again until it has.")] string? Unanswered,
    [property: Description("Why it refuses that, in its own words.")] string? Refusal,
    IReadOnlyDictionary<string, long> Frames,
    DeviceView? Reported);

internal sealed record DeviceView(
    bool Online,
    DateTimeOffset At,
    string? Kind,
    string? Agent,
    string? State,
    double? Voltage,
    IReadOnlyList<double>? Temperatures,
    IReadOnlyList<string>? Faults,
    [property: Description("Its two connections, where it has a second one.")] IReadOnlyList<PathPresence>? Paths,
    [property: Description("How a follower's motion comes over the network and is played, while it has a master.")] PlayoutReport? Playout);

internal sealed record FleetView(
    [property: Description("The fleet's stop is latched.")] bool Stopped,
    int Robots,
    int MastersLive,
    [property: Description("Whether the broker is connected.")] bool LinkUp,
    [property: Description("Leader frames routed since the silo started.")] long FramesRouted,
    [property: Description("Command frames sent.")] long Commands,
    [property: Description("Frames dropped since the silo started, by reason.")] IReadOnlyDictionary<string, long> FramesDropped);

internal sealed record ReadinessView(
    bool Ready,
    bool StoreLoaded,
    bool LinkUp,
    [property: Description("Active silos of the cluster as this one sees it; absent where there is no cluster.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Silos);

internal sealed record RobotStateView(
    string Robot,
    DateTimeOffset At,
    IReadOnlyList<JointStateView> Joints,
    [property: Description("Bound and unbound slaves.")] IReadOnlyList<SlaveStateView> Slaves)
{
    public static RobotStateView Of(RobotSnapshot robot)
    {
        var joints = robot.Document.Model.Joints;
        return new(
            robot.Document.Id,
            Times.Of(robot.At),
            [.. joints.Zip(robot.Joints, JointStateView.Of)],
            [.. robot.Slaves.Concat(robot.UnboundSlaves).Select(slave => SlaveStateView.Of(slave, joints))]);
    }
}

internal sealed record JointStateView(
    string Name,
    JointUnit Unit,
    [property: Description("Value as the master or the panel sent it.")] double? Commanded,
    [property: Description("When it was commanded, by its source's clock.")] DateTimeOffset? CommandedAt,
    [property: Description("Value of the virtual robot: on its way there, within the limits.")] double? Virtual,
    DateTimeOffset? VirtualAt,
    [property: Description("Value read on the first slave that reports it, without its offset.")] double? Real,
    [property: Description("When it was captured, by that slave's clock.")] DateTimeOffset? RealAt,
    [property: Description("That slave's calibration offset.")] double Offset,
    double Rest,
    double Min,
    double Max)
{
    public static JointStateView Of(Joint joint, JointState state) => new(
        joint.Name,
        joint.Unit,
        state.Commanded,
        Times.Of(state.CommandedAt),
        state.Virtual,
        Times.Of(state.VirtualAt),
        state.Real,
        Times.Of(state.RealAt),
        state.Offset,
        joint.Rest,
        joint.Min,
        joint.Max);
}

internal sealed record SlaveStateView(
    string Name,
    SlaveState State,
    [property: Description("When it was last commanded.")] DateTimeOffset? CommandedAt,
    [property: Description("When its pose was captured, by its clock.")] DateTimeOffset? RealAt,
    IReadOnlyList<SlaveJointView> Joints)
{
    public static SlaveStateView Of(SlaveSnapshot slave, IEnumerable<Joint> joints)
    {
        var offsets = slave.Binding.JointMappings.ToDictionary(tune => tune.Joint, tune => tune.Offset);
        return new(
            slave.Binding.Name,
            slave.State,
            Times.Of(slave.CommandedAt),
            Times.Of(slave.RealAt),
            [.. joints.Zip(slave.Joints, (joint, pose) => new SlaveJointView(
                joint.Name, pose.Commanded, pose.Real, pose.Real - pose.Commanded, offsets.GetValueOrDefault(joint.Name)))]);
    }
}

internal sealed record SlaveJointView(
    string Name,
    double? Commanded,
    double? Real,
    [property: Description("Real minus commanded.")] double? Deviation,
    [property: Description("Calibration offset: added to commands, subtracted from readings.")] double Offset);

internal static class Times
{
    private const long EndOfCalendar = 253_402_300_800_000_000;

    public static DateTimeOffset Of(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    /// <summary>A time of a device, whose clock may be wrong: null where no calendar holds it.</summary>
    public static DateTimeOffset? Of(long? micros) => micros is { } at && at is > 0 and < EndOfCalendar ? Of(at) : null;
}
