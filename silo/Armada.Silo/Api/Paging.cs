using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Api;

/// <summary>A part of a list.</summary>
internal sealed record Page<T>(
    IReadOnlyList<T> Items,
    [property: Description("Give it as 'after' for the next part; null where this is the last one.")] string? Next);

/// <summary>Which part of a list is asked for.</summary>
internal sealed record PageQuery(
    [property: Description("Most items, 1 to 200."), Range(1, PageQuery.Largest), DefaultValue(PageQuery.Standard)] int? Limit,
    [property: Description("The 'next' of the part before; left out for the first one.")] string? After)
{
    private const int Largest = 200;
    private const int Standard = 50;

    /// <summary>What is wrong with it, or null.</summary>
    public ProblemHttpResult? Wrong =>
        Limit is null or (>= 1 and <= Largest)
            ? null
            : Problem.WrongFields(new Dictionary<string, string> { ["limit"] = $"{Limit} must be 1 to {Largest}" });

    /// <summary>Most items that are answered.</summary>
    internal int Most => Limit ?? Standard;

    /// <summary>The part of a list whose items have keys that rise, by ordinal comparison.</summary>
    public Page<TView> Of<T, TView>(IEnumerable<T> rising, Func<T, string> key, Func<T, TView> view) =>
        Cut(After is null ? rising : rising.SkipWhile(item => string.CompareOrdinal(key(item), After) <= 0), key, view);

    /// <summary>The part that a list begins with, which has been moved to where <see cref="After"/> says.</summary>
    public Page<TView> Cut<T, TView>(IEnumerable<T> moved, Func<T, string> key, Func<T, TView> view)
    {
        var found = moved.Take(Most + 1).ToList();
        return new Page<TView>([.. found.Take(Most).Select(view)], found.Count > Most ? key(found[Most - 1]) : null);
    }
}
