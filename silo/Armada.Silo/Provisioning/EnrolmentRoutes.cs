using Armada.Domain.Devices;
using Armada.Silo.Access;
using Armada.Silo.Api;
using Armada.Silo.Audit;
using Armada.Silo.Store;
using Armada.Wire.Topics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Provisioning;

/// <summary>/enrolment-tokens: who may enrol a device. /enrolments: a device that does.</summary>
internal static class EnrolmentRoutes
{
    private const int StandardMinutes = 15;
    private const int MostMinutes = 24 * 60;

    /// <summary>Maps the routes.</summary>
    public static void MapEnrolment(this IEndpointRouteBuilder api)
    {
        var tokens = api.MapGroup("/enrolment-tokens").WithTags("devices").NeedsRegistry().Allow(Role.Admin);
        tokens.MapGet("", List).WithSummary("Every enrolment token, newest last").Refuses(Problem.Invalid, Problem.NoRegistry);
        tokens.MapPost("", PostAsync).WithSummary("Make a token with which one device enrols itself; the answer is the only place that ever shows it")
            .Refuses(Problem.Invalid, Problem.TooManyTokens, Problem.NotStored, Problem.NoRegistry)
            .Audits("enrolment-token-made");
        tokens.MapDelete("/{id}", DeleteAsync).WithSummary("Remove a token; a device enrolled with it stays")
            .Refuses(Problem.TokenUnknown, Problem.NotStored, Problem.NoRegistry)
            .Audits("enrolment-token-removed");
        api.MapGroup("/enrolments").WithTags("devices").NeedsRegistry().AllowAnonymous()
            .MapPost("", EnrolAsync).WithSummary("Enrol a device with a token and a request for its certificate; repeated with the same key it is the same")
            .Refuses(Problem.Invalid, Problem.TokenRefused, Problem.DeviceExists, Problem.NotStored, Problem.NoRegistry, Problem.RegistryFailed);
    }

    private static Results<Ok<Page<EnrolmentTokenView>>, ProblemHttpResult> List([AsParameters] PageQuery page, EnrolmentTokens tokens)
    {
        if (page.Wrong is { } wrong)
            return wrong;
        var all = tokens.All.OrderBy(SortKey, StringComparer.Ordinal);
        return TypedResults.Ok(page.Of(all, SortKey, token => View(token, tokens)));
    }

    private static async Task<Results<Created<MadeTokenView>, ProblemHttpResult>> PostAsync(
        NewEnrolmentToken body, EnrolmentTokens tokens, HttpContext context, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        var (kind, role) = rules.Kind(body.Kind, body.Role, body.Site);
        if (body.Name is not null)
            rules.DeviceName("name", body.Name);
        if (body.Minutes is < 1 or > MostMinutes)
            rules.Add("minutes", $"{body.Minutes} must be 1 to {MostMinutes}");
        if (rules.Problem is { } wrong)
            return wrong;
        try
        {
            var life = TimeSpan.FromMinutes(body.Minutes ?? StandardMinutes);
            if (await tokens.MakeAsync(kind, role, body.Site, body.Name, life, cancellation) is not var (token, text))
                return Problem.TooManyTokens.Answer($"there are {EnrolmentTokens.Most} tokens; remove some, or wait until they are over");
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Created($"/api/v1/enrolment-tokens/{token.Id}", new MadeTokenView(text, View(token, tokens)));
        }
        catch (NotStoredException failed)
        {
            return Problem.NotStored.Answer($"no token was given out: {failed.Message}");
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string id, EnrolmentTokens tokens, CancellationToken cancellation)
    {
        try
        {
            return await tokens.DeleteAsync(id, cancellation)
                ? TypedResults.NoContent()
                : Problem.TokenUnknown.Answer($"there is no enrolment token {id}; GET /api/v1/enrolment-tokens lists all");
        }
        catch (NotStoredException failed)
        {
            return Problem.NotStored.Answer($"the token is still there: {failed.Message}");
        }
    }

    private static async Task<Results<Created<EnrolledView>, ProblemHttpResult>> EnrolAsync(
        Enrolment body,
        [Microsoft.AspNetCore.Mvc.FromServices] IServiceProvider services,
        IAuditTrail audit,
        RefusedLogins refusals,
        HttpContext context,
        CancellationToken cancellation)
    {
        var rules = new RequestRules();
        if (body.Name is not null)
            rules.DeviceName("name", body.Name);
        if (rules.Problem is { } wrong)
            return wrong;
        EnrolmentAnswer answer;
        try
        {
            answer = await services.GetRequiredService<EnrolmentDesk>().EnrolAsync(body.Token, body.Name, body.Csr, cancellation);
        }
        catch (NotStoredException failed)
        {
            return Problem.NotStored.Answer($"the device is not enrolled yet: {failed.Message} Enrol again.");
        }

        if (answer.Refused is { TokenRefused: true } refusal)
        {
            refusals.Note(context);
            return Problem.TokenRefused.Answer(refusal.Text);
        }

        if (answer.Refused?.Refused is { } refused)
            return Problem.Refuse(refused);
        var device = answer.Enrolled!.Device!;
        audit.Record(new Caller($"token-{answer.TokenId}", Role.Viewer, BundleRoutes.AddressOf(context)), "device-enrolled", device.Name, DeviceKinds.NameOf(device.Kind));
        await audit.FlushAsync(cancellation);
        var broker = await services.GetRequiredService<ProvisioningDesk>().BrokerAsync(cancellation);
        context.Response.Headers.CacheControl = "no-store";
        var issued = answer.Enrolled.Issued!;
        return TypedResults.Created(
            $"/api/v1/devices/{device.Name}",
            new EnrolledView(
                device.Name,
                DeviceKinds.NameOf(device.Kind),
                IdentityRules.WordOf(device.Role),
                device.Site,
                issued.Certificate,
                broker.Authority,
                new EnrolledBrokerView(broker.Host, broker.Port, broker.SignsDevices),
                services.GetRequiredService<TopicMap>().Root,
                device.Certificates.First(its => its.Fingerprint == issued.Fingerprint).NotAfter));
    }

    private static string SortKey(EnrolmentToken token) => $"{token.CreatedAt.UtcDateTime:O}.{token.Id}";

    private static EnrolmentTokenView View(EnrolmentToken token, EnrolmentTokens tokens) => new(
        token.Id,
        token.Kind,
        IdentityRules.WordOf(token.Role),
        token.Site,
        token.Name,
        token.CreatedAt,
        token.ExpiresAt,
        token.Use is { Done: true } use ? use.Device : null,
        tokens.IsGood(token));
}
