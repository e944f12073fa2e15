using Armada.Silo.Access.Tokens;
using Armada.Silo.Api;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace Armada.Silo.Access;

/// <summary>Answers callers that are not let in with problems that say what to do, and notes refused keys and tokens in the audit trail.</summary>
internal sealed class AccessAnswers(RefusedLogins refused) : IAuthorizationMiddlewareResultHandler
{
    /// <inheritdoc/>
    public Task HandleAsync(
        RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
        authorizeResult.Succeeded ? next(context)
        : authorizeResult.Challenged ? ChallengeAsync(context)
        : Problem.Forbidden.Answer($"this needs the role {RouteRole.LeastFor(context.GetEndpoint()).ToString().ToLowerInvariant()}")
            .ExecuteAsync(context);

    private Task ChallengeAsync(HttpContext context)
    {
        if (context.Features.Get<ProviderUnreachable>() is not null)
            return Problem.ProviderUnreachable.Answer("the token could not be judged; ask again later").ExecuteAsync(context);
        var given = PresentedSecret.Find(context.Request) is not null;
        if (given)
            refused.Note(context);
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problem.Unauthorized
            .Answer(given
                ? "the key or token is unknown, expired or revoked"
                : $"send an API key or token as 'Authorization: Bearer …', or a key as '{PresentedSecret.Header}'")
            .ExecuteAsync(context);
    }
}
