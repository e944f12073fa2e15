using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Armada.Silo.Api;

internal sealed record Page<T>(
    IReadOnlyList<T> Items,
    [property: Description("Pass it as 'after' for the next page; null on the last page.")] string? Next);

internal sealed record PageQuery
{
    private const int MaxLimit = 200;
    private const int DefaultLimit = 50;

    [FromQuery(Name = "limit"), Description("Page size, 1 to 200."), Range(1, MaxLimit), DefaultValue(DefaultLimit)]
    public int? Limit { get; init; }

    [FromQuery(Name = "after"), Description("The 'next' of the previous page; omitted for the first one.")]
    public string? After { get; init; }

    public ProblemHttpResult? Wrong =>
        Limit is null or (>= 1 and <= MaxLimit)
            ? null
            : Problem.WrongField("limit", $"{Limit} must be 1 to {MaxLimit}");

    internal int Size => Limit ?? DefaultLimit;

    /// <summary>The page of a list in the ordinal order of its keys.</summary>
    public Page<TView> Of<T, TView>(IEnumerable<T> rising, Func<T, string> key, Func<T, TView> view) =>
        Cut(After is null ? rising : rising.SkipWhile(item => string.CompareOrdinal(key(item), After) <= 0), key, view);

    /// <summary>The page at the beginning of a list that already starts after <see cref="After"/>.</summary>
    public Page<TView> Cut<T, TView>(IEnumerable<T> moved, Func<T, string> key, Func<T, TView> view)
    {
        var found = moved.Take(Size + 1).ToList();
        return new Page<TView>([.. found.Take(Size).Select(view)], found.Count > Size ? key(found[Size - 1]) : null);
    }
}

/// <summary>A document's version as an entity tag, and conditional requests (RFC 9110).</summary>
internal static class VersionTag
{
    /// <summary>The tag of a version, such as "7" with its quotes.</summary>
    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>Checks the conditions of a change.</summary>
    /// <param name="version">The document's version as it is, or null where there is none.</param>
    /// <returns>The problem, or the version the change is for; null for any.</returns>
    public static (ProblemHttpResult? Refused, long? IfVersion) Condition(HttpRequest request, long? version)
    {
        var headers = request.GetTypedHeaders();
        if (request.Headers.IfMatch.Count > 0)
        {
            var wanted = headers.IfMatch;
            if (wanted.Count == 0)
                return (Problem.BadRequest.Answer("If-Match must hold entity tags, such as \"7\", or *"), null);
            if (version is not { } current || !wanted.Any(tag => IsOf(tag, current)))
                return (Changed(version), null);
            return (null, wanted.Contains(EntityTagHeaderValue.Any) ? null : current);
        }

        if (request.Headers.IfNoneMatch.Count > 0 && version is { } existing)
        {
            var unwanted = headers.IfNoneMatch;
            if (unwanted.Count == 0)
                return (Problem.BadRequest.Answer("If-None-Match must hold entity tags, such as \"7\", or *"), null);
            if (unwanted.Any(tag => IsOf(tag, existing)))
                return (Changed(version), null);
        }

        return (null, null);
    }

    private static bool IsOf(EntityTagHeaderValue tag, long version) =>
        tag.Equals(EntityTagHeaderValue.Any) || (!tag.IsWeak && tag.Tag.Equals(Of(version), StringComparison.Ordinal));

    private static ProblemHttpResult Changed(long? version) =>
        Problem.VersionChanged.Answer(version is { } current ? $"its version is {Of(current)}" : "it does not exist");
}
