using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Armada.Silo.Access.Keys;

/// <summary>Lets callers in that bring a good API key, and those without one where the door is open.</summary>
internal sealed class KeyScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, KeyRing keys, KeyUses uses, AnonymousAccess door)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string Name = "ApiKey";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    private AuthenticateResult Authenticate()
    {
        var from = Context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        if (PresentedSecret.Find(Request) is not { } text)
        {
            return door.AdmitsAnyone
                ? LetIn(new Credential(new Caller("local", Role.Admin, from), null, () => door.AdmitsAnyone))
                : AuthenticateResult.NoResult();
        }

        if (keys.Check(text) is not { } key)
            return AuthenticateResult.Fail("the key is not good");
        uses.Note(key);
        return LetIn(new Credential(new Caller(key.Name, key.Role, from), key.Expires, () => keys.IsGood(key.Id)));
    }

    private AuthenticateResult LetIn(Credential credential)
    {
        Context.Features.Set(credential);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, credential.Caller.Name)], Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }
}
