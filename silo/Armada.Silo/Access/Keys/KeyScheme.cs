using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Armada.Silo.Access.Keys;

/// <summary>Authenticates API keys, and admits callers without one where anonymous access is on.</summary>
internal sealed class KeyScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, KeyRing keys, KeyUses uses, AnonymousAccess anonymous)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Name = "ApiKey";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    private AuthenticateResult Authenticate()
    {
        var from = Context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        if (PresentedSecret.Find(Request) is not { } text)
        {
            return anonymous.AdmitsAnyone
                ? Admit(new Credential(new Caller("local", Role.Admin, from), null, () => anonymous.AdmitsAnyone))
                : AuthenticateResult.NoResult();
        }

        if (keys.Check(text) is not { } key)
            return AuthenticateResult.NoResult(); // A failure would be a line in the log for every guess.
        uses.Note(key);
        return Admit(new Credential(new Caller(key.Name, key.Role, from), key.Expires, () => keys.IsValid(key.Id)));
    }

    private AuthenticateResult Admit(Credential credential)
    {
        Context.Features.Set(credential);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, credential.Caller.Name)], Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }
}
