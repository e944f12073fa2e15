using System.Globalization;
using Armada.Core.Robots;

namespace Armada.Core.Motions;

/// <summary>The rules for the goals of any command, independent of the robot.</summary>
public static class GoalRules
{
    /// <summary>Largest value of a goal, joint units: a whole turn.</summary>
    public const double MaxValue = 360;

    /// <summary>All problems, in the order of the goals.</summary>
    /// <param name="path">Path of the goals in the JSON form, such as joints.</param>
    public static ImmutableArray<SequenceProblem> FindProblems(ImmutableArray<JointGoal> goals, string path)
    {
        if (goals.IsDefaultOrEmpty || goals.Length > RobotModelRules.MaxJoints)
            return [new(path, $"must be 1 to {RobotModelRules.MaxJoints}")];
        var problems = ImmutableArray.CreateBuilder<SequenceProblem>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < goals.Length; index++)
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");
            if (goals[index] is { } goal)
                problems.AddRange(FindProblems(goal, place, names));
            else
                problems.Add(new(place, "is missing"));
        }

        return problems.ToImmutable();
    }

    // Comparisons are written so that a NaN fails them.
    private static IEnumerable<SequenceProblem> FindProblems(JointGoal goal, string path, HashSet<string> names)
    {
        if (string.IsNullOrWhiteSpace(goal.Joint) || goal.Joint.Length > RobotModelRules.MaxNameLength)
            yield return new($"{path}.name", $"must be 1 to {RobotModelRules.MaxNameLength} characters, not all blank");
        else if (!names.Add(JointNames.ArenaOf(goal.Joint)))
            yield return new($"{path}.name", $"'{goal.Joint}' is in this command already");
        if (!(Math.Abs(goal.Value) <= MaxValue))
            yield return new($"{path}.value", $"must be within ±{MaxValue}");
        if (goal.Speed is { } speed && !(speed > 0 && double.IsFinite(speed)))
            yield return new($"{path}.speed", "must be above 0");
    }
}
