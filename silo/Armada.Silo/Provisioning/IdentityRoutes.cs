using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Grains.Identities;
using Armada.Silo.Audit;
using Armada.Silo.Identities;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Provisioning;

/// <summary>/devices: the registered devices.</summary>
internal static class IdentityRoutes
{
    public static void MapIdentities(this IEndpointRouteBuilder api)
    {
        var devices = api.MapGroup("/devices").WithTags("devices").NeedsRegistry();
        devices.MapGet("", ListAsync).Allow(Role.Viewer).WithSummary("Every registered device, by name")
            .Refuses(Problem.Invalid, Problem.NoRegistry, Problem.RegistryFailed, Problem.RobotUnreachable);
        devices.MapPost("", PostAsync).Allow(Role.Admin)
            .WithSummary("Register a device; the answer links to its bundle. Idempotent")
            .Refuses(Problem.Invalid, Problem.DeviceExists, Problem.NoRegistry, Problem.NotStored, Problem.RegistryFailed, Problem.RobotUnreachable)
            .Audits(null, made: "device-provisioned");
        devices.MapGet("/{id}", GetAsync).Allow(Role.Viewer).WithSummary("One device: its certificates, when it was last seen, its robots")
            .Refuses(Problem.DeviceUnknown, Problem.NoRegistry, Problem.RegistryFailed, Problem.RobotUnreachable);
        devices.MapPost("/{id}/rotate", RotateAsync).Allow(Role.Admin)
            .WithSummary("Issue a second certificate; both are valid until the device is seen on the new one")
            .Refuses(Problem.Invalid, Problem.DeviceUnknown, Problem.RotationPending, Problem.NoRegistry, Problem.NotStored, Problem.RegistryFailed, Problem.RobotUnreachable)
            .Audits("device-rotated");
        devices.MapDelete("/{id}", DeleteAsync).Allow(Role.Admin)
            .WithSummary("Revoke all certificates of a device, cut its connection and delete it. Idempotent")
            .Refuses(Problem.DeviceUnknown, Problem.NoRegistry, Problem.NotStored, Problem.RegistryFailed)
            .Audits("device-deleted");
        devices.MapDelete("/{id}/certificates/{fingerprint}", RetireAsync).Allow(Role.Admin)
            .WithSummary("Revoke one certificate of a device and cut the connection that uses it; it may reconnect with another one")
            .Refuses(Problem.Invalid, Problem.DeviceUnknown, Problem.NoRegistry, Problem.NotStored, Problem.RegistryFailed)
            .Audits("certificate-revoked");
    }

    public static RouteGroupBuilder NeedsRegistry(this RouteGroupBuilder routes) => routes.AddEndpointFilter(async (invocation, next) =>
        invocation.HttpContext.RequestServices.GetService<IDeviceRegistry>() is null
            ? Problem.NoRegistry.Answer("this silo is not a registry of devices; start it with --broker, so that devices connect to it and it issues certificates, or with --aws-iot")
            : await next(invocation));

    private static async Task<Results<Ok<Page<IdentityView>>, ProblemHttpResult>> ListAsync(
        [AsParameters] PageQuery page, IServiceProvider services, IdentityReader reader, CancellationToken cancellation)
    {
        if (page.Wrong is { } wrong)
            return wrong;
        var registry = services.GetRequiredService<IDeviceRegistry>();
        var found = await registry.ListAsync(page.After, page.Size + 1, cancellation);
        var views = await reader.ReadAsync(found, cancellation);
        return TypedResults.Ok(page.Cut(views, device => device.Name, device => device));
    }

    private static async Task<Results<Ok<IdentityView>, ProblemHttpResult>> GetAsync(
        string id, IServiceProvider services, IdentityReader reader, CancellationToken cancellation) =>
        await services.GetRequiredService<IDeviceRegistry>().FindAsync(id, cancellation) is { } device
            ? TypedResults.Ok(await reader.ReadAsync(device, cancellation))
            : NoDevice(id);

    private static async Task<Results<Created<IssuedView>, Ok<IssuedView>, ProblemHttpResult>> PostAsync(
        NewIdentity body, IServiceProvider services, IdentityReader reader, HttpContext context, CancellationToken cancellation)
    {
        var rules = new RequestRules();
        rules.DeviceName("name", body.Name);
        var (kind, role) = rules.Kind(body.Kind, body.Role, body.Site);
        if (rules.Problem is { } wrong)
            return wrong;
        var done = await Provisioning(services).CreateAsync(new NewDevice(body.Name, kind, role, body.Site, body.Csr), cancellation);
        if (done.Answer.Refused is { } refused)
            return Problem.Refuse(refused);
        var view = await ViewAsync(done, body.Csr is not null, reader, context, cancellation);
        return done.Answer.IsNew ? TypedResults.Created($"/api/v1/devices/{body.Name}", view) : TypedResults.Ok(view);
    }

    private static async Task<Results<Ok<IssuedView>, ProblemHttpResult>> RotateAsync(
        string id, Rotation? body, IServiceProvider services, IdentityReader reader, HttpContext context, CancellationToken cancellation)
    {
        var done = await Provisioning(services).RotateAsync(id, body?.Csr, cancellation);
        return done.Answer.Refused is { } refused
            ? Problem.Refuse(refused)
            : TypedResults.Ok(await ViewAsync(done, body?.Csr is not null, reader, context, cancellation));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, IServiceProvider services, CancellationToken cancellation) =>
        await Provisioning(services).DeleteAsync(id, cancellation) is { } refused ? Problem.Refuse(refused) : TypedResults.NoContent();

    private static async Task<Results<NoContent, ProblemHttpResult>> RetireAsync(
        string id, string fingerprint, IServiceProvider services, CancellationToken cancellation)
    {
        if (!DeviceCertificate.IsFingerprint(fingerprint))
            return Problem.WrongField("fingerprint", "must be the certificate's SHA-256, 64 lower-case hexadecimal digits");
        var answer = await Provisioning(services).RetireAsync(id, fingerprint, cancellation);
        return answer.Refused is { } refused ? Problem.Refuse(refused) : TypedResults.NoContent();
    }

    // Registered wherever a registry is, which the group's filter has checked.
    private static ProvisioningService Provisioning(IServiceProvider services) => services.GetRequiredService<ProvisioningService>();

    private static async ValueTask<IssuedView> ViewAsync(
        Provisioned done, bool withCertificate, IdentityReader reader, HttpContext context, CancellationToken cancellation)
    {
        context.Response.Headers.CacheControl = "no-store";
        return new IssuedView(
            await reader.ReadAsync(done.Answer.Device!, cancellation),
            done.Bundle is { } link ? new BundleView(BundleRoutes.UrlOf(link, context.Request), link.ExpiresAt) : null,
            withCertificate ? done.Answer.Issued?.Certificate : null);
    }

    private static ProblemHttpResult NoDevice(string id) =>
        Problem.DeviceUnknown.Answer($"there is no device {id}; GET /api/v1/devices lists all");
}

internal sealed class IdentityReader(IRobotEngine engine, DeviceLastSeen lastSeen, TimeProvider time)
{
    private static readonly TimeSpan SaysSoWithin = TimeSpan.FromSeconds(15); // An agent says it every two.

    public async ValueTask<IdentityView> ReadAsync(DeviceIdentity device, CancellationToken cancellation) => (await ReadAsync([device], cancellation))[0];

    public async ValueTask<IReadOnlyList<IdentityView>> ReadAsync(ImmutableArray<DeviceIdentity> devices, CancellationToken cancellation)
    {
        var robots = await engine.ListAsync(cancellation);
        var seen = await lastSeen.ReadAsync(devices.Select(device => device.Name), cancellation);
        return [.. devices.Select(device => Read(device, robots, seen.GetValueOrDefault(device.Name)))];
    }

    private IdentityView Read(DeviceIdentity device, IReadOnlyList<RobotSnapshot> robots, SeenDevice? seen)
    {
        return new IdentityView(
            device.Name,
            DeviceKinds.NameOf(device.Kind),
            IdentityRules.WordOf(device.Role),
            device.Site,
            device.CreatedAt,
            device.Newest?.Fingerprint,
            device.Newest?.NotAfter,
            [.. device.Certificates.Select(its => new CertificateView(
                its.Fingerprint, its.NotBefore, its.NotAfter, its.IsCollected, its.Fingerprint == seen?.Certificate))],
            IsOnline(seen),
            seen?.At,
            [.. robots.SelectMany(robot => BoundTo(robot, device.Name))]);
    }

    // Its silo may have ended before it could say that the device was gone.
    private bool? IsOnline(SeenDevice? seen) => seen is { Online: true } && time.GetUtcNow() - seen.At > SaysSoWithin ? null : seen?.Online;

    private static IEnumerable<BoundRobotView> BoundTo(RobotSnapshot robot, string device)
    {
        if (robot.Document.Master is { } master && master.Name == device)
            yield return new BoundRobotView(robot.Document.Id, "master");
        if (robot.Document.Slaves.Any(slave => slave.Name == device))
            yield return new BoundRobotView(robot.Document.Id, "slave");
    }
}

internal static class IdentityRules
{
    public static void DeviceName(this RequestRules rules, string field, string name)
    {
        rules.Name(field, name);
        if (name.StartsWith(CertificateAuthority.SiloName, StringComparison.OrdinalIgnoreCase))
            rules.Add(field, $"names that begin with {CertificateAuthority.SiloName} are the silo's own");
    }

    public static (DeviceKind Kind, BoardRole? Role) Kind(this RequestRules rules, string kind, string? role, string? site)
    {
        if (!DeviceKinds.TryParse(kind, out var parsed))
            rules.Add("kind", $"'{kind}' must be one of {DeviceKinds.All}");
        else if (parsed != DeviceKind.MicroPythonArm)
            rules.Absent("role", role, $"a {kind}");
        else if (RoleOf(role) is null)
            rules.Add("role", $"'{role}' must be leader or follower, for a {kind}");
        if (site is not null)
            rules.Name("site", site);
        return (parsed, RoleOf(role));
    }

    public static string? WordOf(BoardRole? role) => role is { } known ? KindNames.Of(known) : null;

    private static BoardRole? RoleOf(string? word) => word is not null && KindNames.TryGet<BoardRole>(word, out var role) ? role : null;
}
