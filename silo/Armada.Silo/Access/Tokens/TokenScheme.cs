using System.Security.Claims;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Silo.Options;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace Armada.Silo.Access.Tokens;

/// <summary>Authenticates tokens of the OpenID Connect provider.</summary>
internal static partial class TokenScheme
{
    public const string Name = "Token";

    private const int MaxNameLength = 100;

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ProviderAnswersWithin = TimeSpan.FromSeconds(5);

    private static readonly LogPace UnreachablePace = new();

    public static AuthenticationBuilder AddTokens(this AuthenticationBuilder authentication, OidcOptions oidc) =>
        authentication.AddJwtBearer(Name, bearer =>
        {
            bearer.Authority = oidc.Authority.ToString();
            bearer.Audience = oidc.Audience;
            bearer.BackchannelTimeout = ProviderAnswersWithin;
            bearer.MapInboundClaims = false;
            bearer.RequireHttpsMetadata = oidc.Authority.Scheme == Uri.UriSchemeHttps;
            bearer.TokenValidationParameters.ClockSkew = ClockSkew;
            bearer.TokenValidationParameters.ValidAlgorithms =
            [
                SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
                SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
                SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
            ];
            bearer.Events = new JwtBearerEvents
            {
                OnMessageReceived = context =>
                {
                    context.Token = PresentedSecret.Find(context.Request);
                    return Task.CompletedTask;
                },
                OnTokenValidated = context =>
                {
                    Accept(context, oidc);
                    return Task.CompletedTask;
                },
                OnAuthenticationFailed = FailAsync,
            };
        });

    private static void Accept(TokenValidatedContext context, OidcOptions oidc)
    {
        var claims = context.Principal!;
        if (claims.FindAll(oidc.RoleClaim).Max(claim => KindNames.TryGet<Role>(claim.Value, out var known) ? known : (Role?)null) is not { } role)
            return; // Authenticated, but without a role here.
        var http = context.HttpContext;
        var expires = new DateTimeOffset(context.SecurityToken.ValidTo, TimeSpan.Zero) + ClockSkew;
        var time = http.RequestServices.GetRequiredService<TimeProvider>();
        http.Features.Set(new Credential(
            new Caller(NameOf(claims), role, http.Connection.RemoteIpAddress?.ToString() ?? "unknown"),
            expires,
            () => time.GetUtcNow() < expires));
    }

    // Names of keys have no colon, so a token can never pass for a key of the same name.
    private static string NameOf(ClaimsPrincipal claims)
    {
        var subject = claims.FindFirst("sub")?.Value ?? claims.FindFirst("azp")?.Value ?? claims.FindFirst("client_id")?.Value ?? "";
        return $"oidc:{(subject.Length > MaxNameLength ? subject[..MaxNameLength] : subject)}";
    }

    // An unreachable provider looks like an invalid token, until it is asked.
    private static async Task FailAsync(AuthenticationFailedContext context)
    {
        var http = context.HttpContext;
        try
        {
            await context.Options.ConfigurationManager!.GetConfigurationAsync(http.RequestAborted);
        }
        catch (InvalidOperationException unreachable)
        {
            if (UnreachablePace.IsDue(http.RequestServices.GetRequiredService<SiloClock>().Now(), out var hidden))
                LogUnreachable(http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(TokenScheme)), unreachable.Message, hidden);
            http.Features.Set(new ProviderUnreachable());
        }

        context.Fail("the token is not valid");
    }

    [LoggerMessage(1520, LogLevel.Warning, "A token could not be validated, for the OpenID Connect provider cannot be reached: {Reason} ({Hidden} such lines left out)")]
    private static partial void LogUnreachable(ILogger logger, string reason, long hidden);
}

/// <summary>Feature of a request whose token could not be validated.</summary>
internal sealed record ProviderUnreachable;
