using Armada.Core.Robots;

namespace Armada.Core.Motions;

/// <summary>Small looped motions to try a robot out with, in the joints of an SO arm.</summary>
/// <remarks>Names, joints and times follow the demonstrations of LeRobot Arena; values are degrees, of the gripper percent.</remarks>
public static class Demonstrations
{
    /// <summary>Ordered by id.</summary>
    public static ImmutableArray<Sequence> All { get; } =
    [
        Loop(
            "gentle-wave",
            "Gentle wave",
            6000,
            Command(0, 2000, ("shoulder_pan", -10), ("shoulder_lift", 8), ("elbow_flex", -12)),
            Command(2000, 1000, ("wrist_roll", 10)),
            Command(3000, 1000, ("wrist_roll", -10)),
            Command(4000, 2000, ("wrist_roll", 0), ("shoulder_pan", 0), ("shoulder_lift", 0), ("elbow_flex", 0))),
        Loop(
            "small-scan",
            "Small scan",
            6000,
            Command(0, 2000, ("shoulder_pan", -15), ("shoulder_lift", 10)),
            Command(2000, 3000, ("shoulder_pan", 15)),
            Command(5000, 1000, ("shoulder_pan", 0), ("shoulder_lift", 0))),
        Loop(
            "tiny-flex",
            "Tiny flex",
            8000,
            Command(0, 2000, ("elbow_flex", -15), ("wrist_flex", 8)),
            Command(2000, 1000, ("gripper", 8)),
            Command(3000, 2000, ("elbow_flex", -25), ("wrist_flex", 15)),
            Command(5000, 3000, ("gripper", 0), ("elbow_flex", 0), ("wrist_flex", 0))),
    ];

    public static Sequence? Find(string id) => All.FirstOrDefault(sequence => sequence.Id == id);

    private static Sequence Loop(string id, string name, int ms, params ImmutableArray<SequenceCommand> commands) =>
        new(id, name, commands, Loop: true, TimeSpan.FromMilliseconds(ms));

    private static SequenceCommand Command(int at, int duration, params ImmutableArray<(string Joint, double Value)> goals) => new(
        TimeSpan.FromMilliseconds(at),
        [.. goals.Select(goal => new JointGoal(goal.Joint, goal.Value))],
        TimeSpan.FromMilliseconds(duration));
}
