namespace Armada.Domain.Robots;

/// <summary>What every model must keep, so that limits can be trusted.</summary>
public static class RobotModelRules
{
    /// <summary>Most joints a robot may have; a frame holds no more.</summary>
    public const int MaxJoints = 32;

    /// <summary>The largest position there is a wire form for, joint units.</summary>
    public const double LargestPosition = 327.67;

    /// <summary>What is wrong with a model, in words that name the joint; null where it is sound.</summary>
    public static string? FindProblem(RobotModel model)
    {
        if (string.IsNullOrWhiteSpace(model.Name))
            return "the model has no name";
        if (model.Joints.IsDefaultOrEmpty || model.Joints.Length > MaxJoints)
            return $"a model has 1 to {MaxJoints} joints";
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var joint in model.Joints)
        {
            if (FindProblem(joint) is { } problem)
                return problem;
            if (!names.Add(joint.Name))
                return $"two joints are called {joint.Name}";
        }

        return null;
    }

    // Written so that a NaN fails every test.
    private static string? FindProblem(Joint joint) =>
        string.IsNullOrWhiteSpace(joint.Name) ? "a joint has no name"
        : !(joint.Min < joint.Max) ? $"{joint.Name}: min must be below max"
        : !(joint.Min >= -LargestPosition && joint.Max <= LargestPosition) ? $"{joint.Name}: limits must be within ±{LargestPosition}"
        : !(joint.MaxVelocity > 0 && double.IsFinite(joint.MaxVelocity)) ? $"{joint.Name}: max velocity must be above 0"
        : !(joint.Rest >= joint.Min && joint.Rest <= joint.Max) ? $"{joint.Name}: rest must be within its limits"
        : null;
}
