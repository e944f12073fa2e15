using System.ComponentModel;
using System.Security.Cryptography.X509Certificates;
using Armada.Grains.Identities;
using Armada.Silo.Audit;
using Armada.Silo.Engine;
using Armada.Silo.Identities.Registry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Provisioning;

internal sealed record AuthorityView(
    [property: Description("SHA-256 of its certificate, lower-case hexadecimal.")] string Id,
    string Name,
    [property: Description("PEM.")] string Certificate,
    DateTimeOffset ExpiresAt,
    [property: Description("Whether new certificates come from it; the others are being replaced.")] bool Issues,
    [property: Description("Devices that have no certificate of a newer one yet: they are refused when it is retired.")] int Devices);

/// <summary>/authorities: who signs devices' certificates.</summary>
internal static class AuthorityRoutes
{
    private const string PemType = "application/x-pem-file";

    public static void MapAuthorities(this IEndpointRouteBuilder api)
    {
        var authorities = api.MapGroup("/authorities").WithTags("devices").AddEndpointFilter(async (invocation, next) =>
            invocation.HttpContext.RequestServices.GetService<IdentityCopy>() is null
                ? Problem.NoRegistry.Answer("this silo has no authority of its own; start it with --broker or --authority")
                : await next(invocation));
        authorities.MapGet("", List).Allow(Role.Viewer).WithSummary("The trusted authorities, oldest first").Refuses(Problem.NoRegistry);
        authorities.MapGet("/{id}/crl", GetListAsync).Allow(Role.Admin).WithSummary("An authority's list of revoked certificates, PEM, valid for 30 days")
            .Produces(StatusCodes.Status200OK, contentType: PemType).Refuses(Problem.AuthorityUnknown, Problem.NoRegistry, Problem.RegistryFailed);
        authorities.MapDelete("/{id}", RetireAsync).Allow(Role.Admin)
            .WithSummary("Retire an authority that was replaced: its certificates admit nobody any more, which is final")
            .Refuses(Problem.AuthorityUnknown, Problem.LastAuthority, Problem.NoRegistry, Problem.NotStored)
            .Audits("authority-retired");
    }

    private static Ok<Page<AuthorityView>> List(IServiceProvider services)
    {
        var known = services.GetRequiredService<IdentityCopy>().Now;
        var all = known.Authorities.ToArray();
        return TypedResults.Ok(new Page<AuthorityView>([.. all.Select((authority, index) => View(authority, known, all[(index + 1)..]))], null));
    }

    private static AuthorityView View(KnownAuthority authority, KnownIdentities known, KnownAuthority[] newer)
    {
        using var certificate = X509Certificate2.CreateFromPem(authority.Pem);
        return new AuthorityView(
            authority.Id,
            authority.Name,
            authority.Pem,
            certificate.NotAfter.ToUniversalTime(),
            newer.Length == 0,
            known.Devices.Count(device => device.Certificates.Any(its => its.Authority == authority.Id)
                && !device.Certificates.Any(its => newer.Any(one => one.Id == its.Authority))));
    }

    private static async Task<Results<ContentHttpResult, ProblemHttpResult>> GetListAsync(string id, IServiceProvider services, CancellationToken cancellation)
    {
        var copy = services.GetRequiredService<IdentityCopy>();
        if (copy.Now.Authorities.All(authority => authority.Id != id))
            return Unknown(id);
        return await copy.Registry.SignListAsync(id).AnswerAsync("the registry of devices", cancellation) is { } list
            ? TypedResults.Text(list, PemType)
            : Problem.RegistryFailed.Answer("the silo that was asked to sign the list was started without this authority; give every silo both with --authority");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RetireAsync(string id, IServiceProvider services, CancellationToken cancellation)
    {
        var reply = await services.GetRequiredService<IdentityCopy>().Registry.RetireAuthorityAsync(id).AnswerAsync("the registry of devices", cancellation);
        return reply switch
        {
            { Failure: { } failure } => Problem.NotStored.Answer($"the authority is not retired: {failure}"),
            { Refused: AuthorityRefusal.Last } => Problem.LastAuthority.Answer("without it no device could connect; add another one with --authority first"),
            { Refused: not null } => Unknown(id),
            _ => TypedResults.NoContent(),
        };
    }

    private static ProblemHttpResult Unknown(string id) => Problem.AuthorityUnknown.Answer($"no authority {id} is trusted; GET /api/v1/authorities lists all");
}
