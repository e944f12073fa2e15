using System.ComponentModel;
using Armada.Core.Robots;

namespace Armada.Silo.Api;

/// <summary>Where a robot's joints are and should be.</summary>
internal sealed record RobotStateView(
    string Robot,
    DateTimeOffset At,
    IReadOnlyList<JointStateView> Joints,
    [property: Description("Slaves and guests.")] IReadOnlyList<SlaveStateView> Slaves)
{
    /// <summary>The view of a robot.</summary>
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

/// <summary>What one joint is asked for, where it should be and where it is.</summary>
internal sealed record JointStateView(
    string Name,
    JointUnit Unit,
    [property: Description("As the master or the panel sent it.")] double? Commanded,
    [property: Description("When it was asked for, by its source's clock.")] DateTimeOffset? CommandedAt,
    [property: Description("Where the virtual robot is: on its way there, within the limits.")] double? Virtual,
    DateTimeOffset? VirtualAt,
    [property: Description("Where the joint is on the first slave that says so, its offset taken away.")] double? Real,
    [property: Description("When that was captured, by that slave's clock.")] DateTimeOffset? RealAt,
    [property: Description("That slave's calibration offset.")] double Offset,
    double Rest,
    double Min,
    double Max)
{
    /// <summary>The view of a joint.</summary>
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

/// <summary>Where one slave's joints are.</summary>
internal sealed record SlaveStateView(
    string Name,
    SlaveState State,
    [property: Description("When it was last commanded.")] DateTimeOffset? CommandedAt,
    [property: Description("When its pose was captured, by its clock.")] DateTimeOffset? RealAt,
    IReadOnlyList<SlaveJointView> Joints)
{
    /// <summary>The view of a slave of a robot with these joints.</summary>
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

/// <summary>One joint of a slave, in the robot's terms.</summary>
internal sealed record SlaveJointView(
    string Name,
    double? Commanded,
    double? Real,
    [property: Description("Real less commanded.")] double? Deviation,
    [property: Description("Calibration offset: added to what is sent, taken from what is read.")] double Offset);

/// <summary>Times as people read them.</summary>
internal static class Times
{
    private const long EndOfCalendar = 253_402_300_800_000_000;

    /// <summary>A time of our own, from Unix microseconds.</summary>
    public static DateTimeOffset Of(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    /// <summary>A time of a device, whose clock is its own affair: what no calendar holds is no time.</summary>
    public static DateTimeOffset? Of(long? micros) => micros is { } at && at is > 0 and < EndOfCalendar ? Of(at) : null;
}
