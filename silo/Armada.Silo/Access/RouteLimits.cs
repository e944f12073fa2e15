using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.RateLimiting;

namespace Armada.Silo.Access;

/// <summary>What a route lets its callers send.</summary>
internal static class RouteLimits
{
    /// <summary>Lets bodies be larger than <see cref="RateLimits.MaxBodyBytes"/>.</summary>
    public static TBuilder MaxBody<TBuilder>(this TBuilder routes, long bytes)
        where TBuilder : IEndpointConventionBuilder =>
        routes.WithMetadata(new BodyLimit(bytes));

    /// <summary>Never limits how often the routes are used: stops and resets, and nothing else.</summary>
    public static TBuilder Unlimited<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder =>
        routes.DisableRateLimiting();

    /// <summary>Whether a route is used as often as anyone likes.</summary>
    public static bool IsUnlimited(EndpointMetadataCollection metadata) => metadata.GetMetadata<DisableRateLimitingAttribute>() is not null;

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
