namespace Armada.Core.Robots;

/// <summary>The two families of joint names of an SO arm: LeRobot's, which are canonical here, and Arena's.</summary>
public static class JointNames
{
    // reference: Arena's robot type so-arm100, servo ids 1 to 6, and the equivalence its inference server uses.
    private static readonly (string Canonical, string Arena)[] Pairs =
    [
        ("shoulder_pan", "Rotation"),
        ("shoulder_lift", "Pitch"),
        ("elbow_flex", "Elbow"),
        ("wrist_flex", "Wrist_Pitch"),
        ("wrist_roll", "Wrist_Roll"),
        ("gripper", "Jaw"),
    ];

    /// <summary>Other names are the same in both families.</summary>
    public static string ArenaOf(string canonical) => Array.Find(Pairs, pair => pair.Canonical == canonical).Arena ?? canonical;

    /// <summary>Index of the joint of this name or, if there is none, of its name in the other family; otherwise -1.</summary>
    public static int Find(ReadOnlySpan<Joint> joints, string name)
    {
        var index = IndexOf(joints, name);
        if (index >= 0)
            return index;
        foreach (var (canonical, arena) in Pairs)
        {
            if (arena == name)
                return IndexOf(joints, canonical);
            if (canonical == name)
                return IndexOf(joints, arena);
        }

        return -1;
    }

    internal static int IndexOf(ReadOnlySpan<Joint> joints, string name)
    {
        for (var index = 0; index < joints.Length; index++)
        {
            if (joints[index].Name == name)
                return index;
        }

        return -1;
    }
}
