using Microsoft.AspNetCore.Authorization;

namespace Armada.Silo.Access;

/// <summary>That the caller has at least the role the route asks for; holds for every route that is not open to everyone.</summary>
internal sealed class RouteRole : IAuthorizationRequirement
{
    /// <summary>The policy of all routes.</summary>
    public static AuthorizationPolicy Policy { get; } =
        new AuthorizationPolicyBuilder().RequireAuthenticatedUser().AddRequirements(new RouteRole()).Build();

    /// <summary>The least role for a route; where there is no route, any caller may learn that.</summary>
    public static Role LeastFor(Endpoint? endpoint) =>
        endpoint is not RouteEndpoint ? Role.Viewer : endpoint.Metadata.GetMetadata<AllowedRole>()?.Role ?? Role.Admin;
}

/// <summary>Decides <see cref="RouteRole"/>.</summary>
internal sealed class RouteRoleHandler : AuthorizationHandler<RouteRole>
{
    /// <inheritdoc/>
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RouteRole requirement)
    {
        if (context.Resource is HttpContext http
            && http.Features.Get<Credential>() is { } credential
            && credential.Caller.Role >= RouteRole.LeastFor(http.GetEndpoint()))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
