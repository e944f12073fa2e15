using Armada.Silo.Access.Tokens;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http.Features;

namespace Armada.Silo.Access;

/// <summary>The role that a route needs; <see cref="Role.Admin"/> where a route says nothing.</summary>
internal static class RouteAccess
{
    /// <summary>Admits callers of this role and above.</summary>
    public static TBuilder Allow<TBuilder>(this TBuilder routes, Role role)
        where TBuilder : IEndpointConventionBuilder
    {
        routes.Add(endpoint => endpoint.Metadata.Add(new AllowedRole(role)));
        return routes;
    }

    /// <summary>Answers everybody and without limits: whoever watches over the silo must not take a flood for the silo's end.</summary>
    public static RouteHandlerBuilder AnswersAlways(this RouteHandlerBuilder route) => route.AllowAnonymous().DisableRateLimiting();

    /// <summary>Admits WebSockets alone; they may bring their key as a subprotocol.</summary>
    public static TBuilder OnlyWebSockets<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new WebSocketRoute());

    /// <exception cref="InvalidOperationException">The route is anonymous.</exception>
    public static Caller Caller(this HttpContext context) => context.Features.GetRequiredFeature<Credential>().Caller;

    /// <summary>The least role that an endpoint needs; where there is no route, any caller may learn that.</summary>
    public static Role MinRoleOf(Endpoint? endpoint) =>
        endpoint is not RouteEndpoint ? Role.Viewer : endpoint.Metadata.GetMetadata<AllowedRole>()?.Role ?? Role.Admin;
}

internal sealed record AllowedRole(Role Role);

/// <summary>Requires the role of the route; the policy of every route that is not anonymous.</summary>
internal sealed class RouteRole : AuthorizationHandler<RouteRole>, IAuthorizationRequirement
{
    public static AuthorizationPolicy Policy { get; } = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().AddRequirements(new RouteRole()).Build();

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RouteRole requirement)
    {
        if (context.Resource is HttpContext http
            && http.Features.Get<Credential>() is { } credential
            && credential.Caller.Role >= RouteAccess.MinRoleOf(http.GetEndpoint()))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}

/// <summary>Answers callers that are refused with problems that name the remedy.</summary>
internal sealed class AccessAnswers(RefusedLogins refused) : IAuthorizationMiddlewareResultHandler
{
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
        authorizeResult.Succeeded ? next(context)
        : authorizeResult.Challenged ? ChallengeAsync(context)
        : Problem.Forbidden.Answer($"this needs the role {KindNames.Of(RouteAccess.MinRoleOf(context.GetEndpoint()))}").ExecuteAsync(context);

    private Task ChallengeAsync(HttpContext context)
    {
        if (context.Features.Get<ProviderUnreachable>() is not null)
            return Problem.ProviderUnreachable.Answer("the token could not be validated; try again later").ExecuteAsync(context);
        var isGiven = PresentedSecret.Find(context.Request) is not null;
        if (isGiven)
            refused.Note(context);
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problem.Unauthorized
            .Answer(isGiven
                ? "the key or token is unknown, expired or revoked"
                : $"send an API key or token as 'Authorization: Bearer …', or a key as '{PresentedSecret.Header}'")
            .ExecuteAsync(context);
    }
}

/// <summary>Records refused keys and tokens in the audit trail, at most one a minute, so that nobody can fill it with guesses.</summary>
internal sealed class RefusedLogins(IAuditTrail audit, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock sync = new();
    private long? last;
    private long unrecorded;

    public void Note(HttpContext context)
    {
        long others;
        lock (sync)
        {
            if (last is { } at && time.GetElapsedTime(at) < Interval)
            {
                unrecorded++;
                return;
            }

            (others, last, unrecorded) = (unrecorded, time.GetTimestamp(), 0);
        }

        var from = context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        audit.Record(new Caller("unknown", Role.Viewer, from), "login-refused", "silo", others > 0 ? $"{others} more before it" : null);
    }
}
