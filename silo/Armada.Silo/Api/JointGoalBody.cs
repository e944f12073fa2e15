using System.Collections.Immutable;
using System.ComponentModel;
using Armada.Core.Robots;

namespace Armada.Silo.Api;

/// <summary>Where one joint is to go.</summary>
internal sealed record JointGoalBody(
    [property: Description("Such as shoulder_pan or, of the same joint, Rotation.")] string Name,
    [property: Description("Position in the joint's unit, within ±360; clamped to the joint's limits.")] double Value,
    [property: Description("Fastest motion, units per second; never faster than the joint's own limit.")] double? Speed = null)
{
    /// <summary>A goal in JSON's words.</summary>
    public static JointGoalBody Of(JointGoal goal) => new(goal.Joint, goal.Value, goal.Speed);

    /// <summary>The goals that are meant; one that is null stays null, for the rules to find.</summary>
    public static ImmutableArray<JointGoal> ToGoals(IReadOnlyList<JointGoalBody> bodies) =>
        [.. bodies.Select(body => body is null ? null! : new JointGoal(body.Name, body.Value, body.Speed))];
}

/// <summary>Times as JSON has them.</summary>
internal static class Milliseconds
{
    // Far beyond every bound there is, and well within what a TimeSpan holds.
    private const double Most = 1e12;

    /// <summary>A time to the microsecond; absurd ones become large ones, which every bound refuses.</summary>
    public static TimeSpan ToTime(double milliseconds) =>
        TimeSpan.FromMicroseconds(Math.Round(Math.Clamp(milliseconds, -Most, Most) * 1000));
}
