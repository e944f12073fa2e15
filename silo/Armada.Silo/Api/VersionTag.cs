using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Armada.Silo.Api;

/// <summary>A document's version as an entity tag, and the conditions of RFC 9110 on it.</summary>
internal static class VersionTag
{
    /// <summary>The tag of a version, such as "7" with its quotes.</summary>
    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>Whether a change may go on.</summary>
    /// <param name="request">With If-Match or If-None-Match, or neither.</param>
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
        Problem.VersionChanged.Answer(version is { } current ? $"its version is {Of(current)}" : "there is none, so no version of it");
}
