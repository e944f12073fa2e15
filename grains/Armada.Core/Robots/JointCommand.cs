namespace Armada.Core.Robots;

/// <param name="Joint">LeRobot's name or Arena's.</param>
/// <param name="Value">Joint units; clamped to the limits of the joint.</param>
/// <param name="Speed">Units per second, above 0; null for the joint's limit, which no speed exceeds.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.goal")]
public sealed record JointGoal([Id(0)] string Joint, [Id(1)] double Value, [Id(2)] double? Speed = null);

/// <summary>Goals of some joints of a robot; the others keep theirs.</summary>
/// <param name="Goals">1 to 32, one per joint.</param>
/// <param name="Duration">Up to an hour; null for as fast as speeds and limits allow.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.command")]
public sealed record JointCommand([Id(0)] ImmutableArray<JointGoal> Goals, [Id(1)] TimeSpan? Duration = null);

internal static class JointCommandRules
{
    private static readonly TimeSpan MaxDuration = TimeSpan.FromHours(1);

    /// <summary>Why a robot refuses a command, naming the joint; or null.</summary>
    public static string? FindProblem(JointCommand command, string robot, RobotModel model)
    {
        if (command.Goals.IsDefaultOrEmpty || command.Goals.Length > RobotModelRules.MaxJoints)
            return $"a command has 1 to {RobotModelRules.MaxJoints} joints";
        if (command.Duration is { } time && (time < TimeSpan.Zero || time > MaxDuration))
            return $"a command's duration is 0 to {MaxDuration.TotalSeconds} s";
        var named = 0u; // One bit a joint.
        foreach (var goal in command.Goals)
        {
            var joint = model.Find(goal.Joint);
            if (joint < 0)
                return $"{robot} has no joint '{goal.Joint}'; it has {string.Join(", ", model.Joints.Select(joint => joint.Name))}";
            if ((named & (1u << joint)) != 0)
                return $"{goal.Joint} is in the command twice";
            named |= 1u << joint;
            if (!double.IsFinite(goal.Value))
                return $"{goal.Joint}: the value must be a number";
            if (goal.Speed is { } speed && !(speed > 0 && double.IsFinite(speed)))
                return $"{goal.Joint}: the speed must be above 0";
        }

        return null;
    }
}
