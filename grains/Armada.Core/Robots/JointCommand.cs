using System.Collections.Immutable;

namespace Armada.Core.Robots;

/// <summary>Where one joint is to go.</summary>
/// <param name="Joint">Its name, LeRobot's or Arena's.</param>
/// <param name="Value">Position, joint units; clamped to the joint's limits.</param>
/// <param name="Speed">Fastest motion, units per second, above 0; null for the joint's own limit, which no speed exceeds.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.goal")]
public sealed record JointGoal([Id(0)] string Joint, [Id(1)] double Value, [Id(2)] double? Speed = null);

/// <summary>Where some joints of a robot are to go; the others keep their goals.</summary>
/// <param name="Goals">1 to 32 goals, one a joint.</param>
/// <param name="Duration">Time to take for it, up to an hour; null for as fast as speeds and limits let it.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.command")]
public sealed record JointCommand([Id(0)] ImmutableArray<JointGoal> Goals, [Id(1)] TimeSpan? Duration = null);

/// <summary>The rules of a command for the robot that it is for.</summary>
internal static class JointCommandRules
{
    private static readonly TimeSpan MaxDuration = TimeSpan.FromHours(1);

    /// <summary>Why a robot refuses a command, in words that name the joint; or null.</summary>
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
