using Armada.Domain.Robots;
using Armada.Domain.Routing;
using Armada.Silo.Engine;
using Armada.Silo.Ingress;
using Armada.Silo.Telemetry;
using Armada.Wire.Control;

namespace Armada.Silo.Api;

/// <summary>From what engine, ingress and link know to what the API shows.</summary>
internal sealed class RobotReader(DeviceRoutes routes, DevicePresences presences, ControlChannel control)
{
    /// <summary>A robot.</summary>
    public RobotView Robot(RobotSnapshot robot) => new(
        robot.Document.Id,
        robot.Document.Model.Name,
        robot.Document.Stopped,
        robot.FleetStopped,
        robot.Document.Epoch,
        robot.Document.Version,
        Master(robot),
        [.. robot.Slaves.Select(Slave)],
        [.. robot.Document.Model.Joints.Select(Joint)]);

    /// <summary>Its master, or null.</summary>
    public MasterView? Master(RobotSnapshot robot) => robot.Master is not { } master ? null : new(
        DeviceBinding.DeviceType,
        master.Name,
        master.State,
        master.Epoch,
        master.Age?.TotalMilliseconds,
        master.FramesPerSecond,
        master.Fault,
        Frames(master.Frames, master.Name),
        Device(master.Name));

    /// <summary>One slave.</summary>
    public SlaveView Slave(SlaveSnapshot slave) => new(
        DeviceBinding.DeviceType,
        slave.Binding.Name,
        slave.State,
        slave.Reason,
        slave.Approaching,
        slave.Age?.TotalMilliseconds,
        slave.FramesPerSecond,
        slave.Fault,
        slave.Commands,
        routes.Find(slave.Binding.Name)?.Lag.Read(),
        control.Unanswered(slave.Binding.Name) switch { ControlOp.Stop => "stop", ControlOp.Reset => "reset", _ => null },
        Frames(slave.Frames, slave.Binding.Name),
        Device(slave.Binding.Name));

    /// <summary>Poses.</summary>
    public static RobotStateView State(RobotSnapshot robot)
    {
        var joints = robot.Document.Model.Joints;
        return new RobotStateView(
            robot.Document.Id,
            Time(robot.At),
            Time(robot.Joints[0].CommandedAt),
            [.. joints.Zip(robot.Joints, (joint, target) => new JointTargetView(joint.Name, joint.Unit, target.Commanded, target.Virtual))],
            [.. robot.Slaves.Select(slave => new SlaveStateView(
                slave.Binding.Name,
                slave.State,
                Time(slave.CommandedAt),
                Time(slave.RealAt),
                [.. joints.Zip(slave.Joints, SlaveJoint)]))]);
    }

    private static JointView Joint(Joint joint) => new(joint.Name, joint.Unit, joint.Min, joint.Max, joint.MaxVelocity, joint.Rest);

    private static SlaveJointView SlaveJoint(Joint joint, JointPose pose) =>
        new(joint.Name, pose.Commanded, pose.Real, pose.Real - pose.Commanded);

    private Dictionary<string, long> Frames(FrameCounts counts, string device)
    {
        var frames = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var verdict in Enum.GetValues<Verdict>())
            frames[SiloTelemetry.NameOf(verdict)] = counts[verdict];
        frames[SiloTelemetry.NameOf(Verdict.Superseded)] += routes.Find(device)?.Superseded ?? 0;
        frames["lost"] = counts.Lost;
        return frames;
    }

    private DeviceView? Device(string device) => presences.Of(device) is not { Presence: var said } seen ? null : new(
        said.Online, Time(seen.At.Unix), said.Kind, said.Agent, said.State, said.Voltage, said.Temperatures, said.Faults);

    private static DateTimeOffset Time(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    // A device's clock is its own affair: what no calendar holds is no time.
    private static DateTimeOffset? Time(long? micros) =>
        micros is { } at && at is > 0 and < 253_402_300_800_000_000 ? Time(at) : null;
}
