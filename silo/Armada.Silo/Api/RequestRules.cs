using System.Collections.Immutable;
using System.ComponentModel;
using System.Globalization;
using Armada.Core.Motions;
using Armada.Core.Topics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>Collects the problems of a body, each under its field's path.</summary>
internal sealed class RequestRules
{
    private const int MaxErrors = 50; // More would make the answer larger than the request.

    private readonly Dictionary<string, string> errors = new(StringComparer.Ordinal);

    public bool IsBroken => errors.Count > 0;

    /// <summary>The answer that names every wrong field, or null where none is.</summary>
    public ProblemHttpResult? Problem => IsBroken ? Api.Problem.WrongFields(errors) : null;

    /// <summary>Adds a problem; the first one of a field stays.</summary>
    public void Add(string field, string text)
    {
        if (errors.Count < MaxErrors)
            errors.TryAdd(field, text);
    }

    public void Add(IEnumerable<SequenceProblem> problems)
    {
        foreach (var (path, text) in problems)
            Add(path, text);
    }

    public void Name(string field, string? name)
    {
        if (!DeviceName.IsValid(name))
            Add(field, $"'{name}' must be 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit");
    }

    /// <summary>Refuses a field that does not belong to what the body asks for.</summary>
    public void Absent(string field, object? value, string of)
    {
        if (value is not null)
            Add(field, $"does not belong to {of}");
    }

    /// <summary>Checks a range; gives the value, or null where it is missing or wrong.</summary>
    public double? Within(string field, double? value, double least, double most)
    {
        if (value is not { } given || (given >= least && given <= most))
            return value;
        Add(field, string.Create(CultureInfo.InvariantCulture, $"{given} must be {least} to {most}"));
        return null;
    }
}

internal sealed record JointGoalBody(
    [property: Description("Such as shoulder_pan or, of the same joint, Rotation.")] string Name,
    [property: Description("Position in the joint's unit, within ±360; clamped to the joint's limits.")] double Value,
    [property: Description("Fastest motion, units per second; never faster than the joint's own limit.")] double? Speed = null)
{
    public static JointGoalBody Of(JointGoal goal) => new(goal.Joint, goal.Value, goal.Speed);

    /// <summary>One that is null stays null, for the rules to find.</summary>
    public static ImmutableArray<JointGoal> ToGoals(IReadOnlyList<JointGoalBody> bodies) =>
        [.. bodies.Select(body => body is null ? null! : new JointGoal(body.Name, body.Value, body.Speed))];
}

internal static class Milliseconds
{
    private const double Max = 1e12; // Far beyond every bound there is, and well within what a TimeSpan holds.

    /// <summary>Rounds to the microsecond and clamps absurd times to large ones, which every bound refuses.</summary>
    public static TimeSpan ToTime(double milliseconds) =>
        TimeSpan.FromMicroseconds(Math.Round(Math.Clamp(milliseconds, -Max, Max) * 1000));
}

/// <summary>Kinds and roles as the API names them: in lower case, without a separator.</summary>
internal static class KindNames
{
    public static string Of<T>(T kind)
        where T : struct, Enum => kind.ToString().ToLowerInvariant();

    public static string All<T>()
        where T : struct, Enum => string.Join(", ", Enum.GetValues<T>().Select(Of));

    public static bool TryGet<T>(string name, out T kind)
        where T : struct, Enum => Enum.TryParse(name, ignoreCase: true, out kind) && Of(kind) == name;
}
