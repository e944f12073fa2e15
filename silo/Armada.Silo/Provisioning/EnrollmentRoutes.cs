using System.Text;
using Armada.Core.Topics;
using Armada.Grains.Identities;
using Armada.Silo.Audit;
using Armada.Silo.Identities;
using Armada.Silo.Store;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Provisioning;

/// <summary>/enrollment-tokens: permissions to enroll a device. /enrollments: a device enrolls itself.</summary>
internal static class EnrollmentRoutes
{
    private const int DefaultMinutes = 15;
    private const int MaxMinutes = 24 * 60;

    public static void MapEnrollment(this IEndpointRouteBuilder api)
    {
        var tokens = api.MapGroup("/enrollment-tokens").WithTags("devices").NeedsRegistry().Allow(Role.Admin);
        tokens.MapGet("", ListAsync).WithSummary("Every enrollment token, newest last").Refuses(Problem.Invalid, Problem.NoRegistry);
        tokens.MapPost("", PostAsync).WithSummary("Create a token with which one device enrolls itself; it is shown only in this answer")
            .Refuses(Problem.Invalid, Problem.TooManyTokens, Problem.NotStored, Problem.NoRegistry)
            .Audits("enrollment-token-made");
        tokens.MapDelete("/{id}", DeleteAsync).WithSummary("Remove a token; a device enrolled with it stays")
            .Refuses(Problem.TokenUnknown, Problem.NotStored, Problem.NoRegistry)
            .Audits("enrollment-token-removed");
        api.MapGroup("/enrollments").WithTags("devices").NeedsRegistry().AllowAnonymous()
            .MapPost("", EnrollAsync).WithSummary("Enroll a device with a token and a certificate request; idempotent for the same key")
            .Refuses(Problem.Invalid, Problem.TokenRefused, Problem.DeviceExists, Problem.NotStored, Problem.NoRegistry, Problem.RegistryFailed);
    }

    private static async Task<Results<Ok<Page<EnrollmentTokenView>>, ProblemHttpResult>> ListAsync(
        [AsParameters] PageQuery page, EnrollmentTokens tokens, CancellationToken cancellation)
    {
        if (page.Wrong is { } wrong)
            return wrong;
        var all = (await tokens.ListAsync(cancellation)).OrderBy(SortKey, StringComparer.Ordinal);
        return TypedResults.Ok(page.Of(all, SortKey, token => View(token, tokens)));
    }

    private static async Task<Results<Created<MadeTokenView>, ProblemHttpResult>> PostAsync(
        NewEnrollmentToken body, EnrollmentTokens tokens, HttpContext context, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        var (kind, role) = rules.Kind(body.Kind, body.Role, body.Site);
        if (body.Name is not null)
            rules.DeviceName("name", body.Name);
        if (body.Minutes is < 1 or > MaxMinutes)
            rules.Add("minutes", $"{body.Minutes} must be 1 to {MaxMinutes}");
        if (rules.Problem is { } wrong)
            return wrong;
        try
        {
            var lifetime = TimeSpan.FromMinutes(body.Minutes ?? DefaultMinutes);
            if (await tokens.MakeAsync(kind, role, body.Site, body.Name, lifetime, cancellation) is not var (token, text))
                return Problem.TooManyTokens.Answer($"there are {IEnrollmentGrain.MaxTokens} tokens; remove some, or wait until they expire");
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Created($"/api/v1/enrollment-tokens/{token.Id}", new MadeTokenView(text, View(token, tokens)));
        }
        catch (NotStoredException failed)
        {
            return Problem.NotStored.Answer($"no token was created: {failed.Message}");
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string id, EnrollmentTokens tokens, CancellationToken cancellation)
    {
        try
        {
            return await tokens.DeleteAsync(id, cancellation)
                ? TypedResults.NoContent()
                : Problem.TokenUnknown.Answer($"there is no enrollment token {id}; GET /api/v1/enrollment-tokens lists all");
        }
        catch (NotStoredException failed)
        {
            return Problem.NotStored.Answer($"the token is still there: {failed.Message}");
        }
    }

    private static async Task<Results<Created<EnrolledView>, ProblemHttpResult>> EnrollAsync(
        Enrollment body, IServiceProvider services, IAuditTrail audit, RefusedLogins refusals, HttpContext context, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        if (body.Name is not null)
            rules.DeviceName("name", body.Name);
        if (rules.Problem is { } wrong)
            return wrong;
        EnrollmentAnswer answer;
        try
        {
            answer = await services.GetRequiredService<EnrollmentService>().EnrollAsync(body.Token, body.Name, body.Csr, cancellation);
        }
        catch (NotStoredException failed)
        {
            return Problem.NotStored.Answer($"the device is not enrolled yet: {failed.Message} Enroll again.");
        }

        if (answer.Refused is { } refused)
            return Problem.Refuse(refused);
        if (answer.Enrolled is not { Device: { } device, Issued: { } issued })
        {
            refusals.Note(context);
            return Problem.TokenRefused.Answer("the token was used, has expired or never existed; ask an admin for another");
        }

        audit.Record(new Caller($"token-{answer.TokenId}", Role.Viewer, BundleRoutes.AddressOf(context)), "device-enrolled", device.Name, DeviceKinds.NameOf(device.Kind));
        await audit.FlushAsync(cancellation);
        var broker = await services.GetRequiredService<IDeviceRegistry>().BrokerAsync(cancellation);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created(
            $"/api/v1/devices/{device.Name}",
            new EnrolledView(
                device.Name,
                DeviceKinds.NameOf(device.Kind),
                IdentityRules.WordOf(device.Role),
                device.Site,
                issued.Certificate,
                broker.Authority,
                new EnrolledBrokerView(broker.Hosts, broker.Port, broker.SignsDevices),
                services.GetRequiredService<TopicMap>().Root,
                device.Certificates.First(its => its.Fingerprint == issued.Fingerprint).NotAfter));
    }

    private static string SortKey(EnrollmentToken token) => $"{token.CreatedAt.UtcDateTime:O}.{token.Id}";

    private static EnrollmentTokenView View(EnrollmentToken token, EnrollmentTokens tokens) => new(
        token.Id,
        DeviceKinds.NameOf(token.Kind),
        IdentityRules.WordOf(token.Role),
        token.Site,
        token.Name,
        token.CreatedAt,
        token.ExpiresAt,
        token.Use is { Done: true } use ? use.Device : null,
        tokens.IsUsable(token));
}

/// <summary>What was enrolled, or the registry's refusal; neither if the token is not valid.</summary>
internal sealed record EnrollmentAnswer(string TokenId, RegistryAnswer? Enrolled = null, RegistryRefusal? Refused = null);

/// <summary>Enrolls devices with tokens. With its first use a token is bound to one device and one key.</summary>
internal sealed class EnrollmentService(EnrollmentTokens tokens, IDeviceRegistry registry, ProvisioningService provisioning)
{
    /// <summary>Idempotent for the same key.</summary>
    /// <exception cref="RegistryFailedException">Repeat the call.</exception>
    /// <exception cref="NotStoredException">Repeat the call.</exception>
    public async Task<EnrollmentAnswer> EnrollAsync(string text, string? name, string request, CancellationToken cancellation)
    {
        if (await tokens.FindAsync(text, cancellation) is not { } token)
            return new EnrollmentAnswer("");
        if (!KeyRequest.TryRead(Encoding.UTF8.GetBytes(request), out var key, out var unreadable))
            return new EnrollmentAnswer(token.Id, Refused: unreadable);
        var device = token.Name ?? name;
        if (device is null)
            return RefuseName(token, "neither the token nor the request has a name; give one with armada-edge enroll --name");
        if (name is not null && name != device)
            return RefuseName(token, $"the token is for the device {device}; omit the name or use that one");
        if (token.Use is { Done: true } && await registry.FindAsync(device, cancellation) is null)
            return new EnrollmentAnswer(token.Id); // The device was deleted since, which ends its token.

        if (!await tokens.TryUseAsync(token.Id, device, LocalAuthorities.HashOf(key), cancellation))
            return new EnrollmentAnswer(token.Id);
        var done = await provisioning.CreateAsync(new NewDevice(device, token.Kind, token.Role, token.Site, request), cancellation);
        if (done.Answer.Refused is { } refused)
        {
            await tokens.SettleAsync(token.Id, isRegistered: false);
            return new EnrollmentAnswer(token.Id, Refused: refused);
        }

        await tokens.SettleAsync(token.Id, isRegistered: true);
        return new EnrollmentAnswer(token.Id, done.Answer);
    }

    private static EnrollmentAnswer RefuseName(EnrollmentToken token, string text) =>
        new(token.Id, Refused: new RegistryRefusal(RegistryRefusalReason.Name, text));
}
