namespace Armada.Core.Robots;

public static class RobotModelRules
{
    /// <summary>As many as a frame holds.</summary>
    public const int MaxJoints = 32;

    /// <summary>The largest position with a wire form, joint units.</summary>
    public const double MaxPosition = 327.67;

    /// <summary>Of a model or joint, characters.</summary>
    public const int MaxNameLength = 64;

    /// <summary>The ids above it have other meanings on the bus.</summary>
    public const int MaxServoId = 252;

    /// <summary>What is wrong with a model, naming the joint; or null.</summary>
    public static string? FindProblem(RobotModel model)
    {
        if (IsNoName(model.Name))
            return $"the model's name must be 1 to {MaxNameLength} printable characters";
        if (model.Joints.IsDefaultOrEmpty || model.Joints.Length > MaxJoints)
            return $"a model has 1 to {MaxJoints} joints";
        var names = new HashSet<string>(StringComparer.Ordinal);
        var servos = new HashSet<int>();
        foreach (var joint in model.Joints)
        {
            if (FindProblem(joint) is { } problem)
                return problem;
            if (!names.Add(JointNames.ArenaOf(joint.Name)))
                return $"two joints are called {joint.Name}, or by the other name of it";
            if (joint.ServoId is { } servo && !servos.Add(servo))
                return $"{joint.Name}: servo {servo} is another joint's";
        }

        return null;
    }

    // Written so that a NaN fails every test.
    private static string? FindProblem(Joint joint) =>
        IsNoName(joint.Name) ? $"a joint's name must be 1 to {MaxNameLength} printable characters"
        : !Enum.IsDefined(joint.Unit) || !Enum.IsDefined(joint.Motion) ? $"{joint.Name}: its unit or motion is unknown"
        : !(joint.Min < joint.Max) ? $"{joint.Name}: min must be below max"
        : !(joint.Min >= -MaxPosition && joint.Max <= MaxPosition) ? $"{joint.Name}: limits must be within ±{MaxPosition}"
        : !(joint.MaxVelocity > 0 && double.IsFinite(joint.MaxVelocity)) ? $"{joint.Name}: max velocity must be above 0"
        : !(joint.Rest >= joint.Min && joint.Rest <= joint.Max) ? $"{joint.Name}: rest must be within its limits"
        : joint.ServoId is < 0 or > MaxServoId ? $"{joint.Name}: a servo id is 0 to {MaxServoId}"
        : null;

    private static bool IsNoName(string name) => string.IsNullOrWhiteSpace(name) || name.Length > MaxNameLength || name.Any(char.IsControl);
}
