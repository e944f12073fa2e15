using System.Collections.Immutable;
using Armada.Core.Rooms;

namespace Armada.Silo.Rooms;

/// <summary>Converts a robot's joints to its room's and back: Arena's names, values in the silo's room units.</summary>
internal sealed class RoomJoints(RobotModel model, RoomUnits units)
{
    private const double Decimals = 1000; // A thousandth of a degree; the servos resolve 0.088°.

    private readonly string[] names = [.. model.Joints.Select(joint => JointNames.ArenaOf(joint.Name))];
    public int Count => names.Length;

    /// <summary>One bit per joint.</summary>
    public uint All => uint.MaxValue >> (32 - names.Length);
    public IReadOnlyList<string> Names => names;

    public string NameOf(int joint) => names[joint];

    /// <summary>Index of a joint by its canonical or its Arena name; -1 if there is none.</summary>
    public int Find(string name) => model.Find(name);

    /// <summary>A position in room units, rounded to a thousandth.</summary>
    public double ToRoom(int joint, double position)
    {
        var (limits, lowest) = ScaleOf(joint);
        var value = units == RoomUnits.Joint
            ? position
            : lowest + ((Math.Clamp(position, limits.Min, limits.Max) - limits.Min) / (limits.Max - limits.Min) * (100 - lowest));
        return Math.Round(value * Decimals) / Decimals;
    }

    public JointGoal ToGoal(int joint, RoomJoint asked)
    {
        var (limits, lowest) = ScaleOf(joint);
        var position = units == RoomUnits.Joint
            ? asked.Value
            : limits.Min + ((Math.Clamp(asked.Value, lowest, 100) - lowest) / (100 - lowest) * (limits.Max - limits.Min));
        return new JointGoal(limits.Name, position, asked.Speed is > 0 and var percent ? percent / 100 * limits.MaxVelocity : null);
    }

    /// <summary>The last goal of each joint, in the order of the joints; names that the robot does not have are handed out with their index.</summary>
    public ImmutableArray<JointGoal> ToGoals(IReadOnlyList<RoomJoint> asked, Action<int, string> onUnknown)
    {
        var goals = new SortedDictionary<int, JointGoal>();
        for (var at = 0; at < asked.Count; at++)
        {
            if (Find(asked[at].Name) is var joint and >= 0)
                goals[joint] = ToGoal(joint, asked[at]);
            else
                onUnknown(at, asked[at].Name);
        }

        return [.. goals.Values];
    }

    /// <summary>Rooms show only joints that were ever commanded.</summary>
    public static bool IsCommanded(in JointState joint) => joint is { Commanded: not null, Virtual: not null };

    public RoomJoint[] Positions(RobotSnapshot robot) =>
    [
        .. Enumerable.Range(0, Math.Min(Count, robot.Joints.Length))
            .Where(joint => IsCommanded(robot.Joints[joint]))
            .Select(joint => new RoomJoint(names[joint], ToRoom(joint, robot.Joints[joint].Virtual!.Value))),
    ];

    private (Joint Joint, double Lowest) ScaleOf(int joint) =>
        (model.Joints[joint], model.Joints[joint].Unit == JointUnit.Percent ? 0 : -100);
}

/// <summary>The unit of positions in rooms.</summary>
public enum RoomUnits : byte
{
    /// <summary>The joint's own unit: degrees, or percent for a gripper.</summary>
    Joint,

    /// <summary>-100 to 100 over the joint's limits, 0 to 100 for a gripper: what RobotHub's front end speaks.</summary>
    Normalized,
}
