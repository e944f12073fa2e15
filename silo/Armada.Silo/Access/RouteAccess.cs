using Microsoft.AspNetCore.Http.Features;

namespace Armada.Silo.Access;

/// <summary>What a route asks of its callers. A route that says nothing asks for <see cref="Role.Admin"/>.</summary>
internal static class RouteAccess
{
    /// <summary>Lets callers of this role and above use the routes.</summary>
    public static TBuilder Allow<TBuilder>(this TBuilder routes, Role role)
        where TBuilder : IEndpointConventionBuilder
    {
        routes.Add(endpoint => endpoint.Metadata.Add(new AllowedRole(role)));
        return routes;
    }

    /// <summary>Who sent this request.</summary>
    /// <exception cref="InvalidOperationException">The route is open to everyone, so nobody asked who calls.</exception>
    public static Caller Caller(this HttpContext context) => context.Features.GetRequiredFeature<Credential>().Caller;
}

/// <summary>The least role a route asks for.</summary>
internal sealed record AllowedRole(Role Role);
