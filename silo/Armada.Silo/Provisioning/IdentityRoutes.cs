using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Silo.Access;
using Armada.Silo.Api;
using Armada.Silo.Audit;
using Armada.Silo.Identities;
using Armada.Silo.Ingress;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Provisioning;

/// <summary>/devices: which devices have an identity.</summary>
internal static class IdentityRoutes
{
    /// <summary>Maps the routes.</summary>
    public static void MapIdentities(this IEndpointRouteBuilder api)
    {
        var devices = api.MapGroup("/devices").WithTags("devices").NeedsRegistry();
        devices.MapGet("", ListAsync).Allow(Role.Viewer).WithSummary("Every device that has an identity, by name")
            .Refuses(Problem.Invalid, Problem.NoRegistry, Problem.RegistryFailed, Problem.RobotUnreachable);
        devices.MapPost("", PostAsync).Allow(Role.Admin)
            .WithSummary("Give a device its identity; the answer says where its bundle waits. Asked again it is the same")
            .Refuses(Problem.Invalid, Problem.DeviceExists, Problem.NoRegistry, Problem.RegistryFailed, Problem.RobotUnreachable)
            .Audits(null, made: "device-provisioned");
        devices.MapGet("/{id}", GetAsync).Allow(Role.Viewer).WithSummary("One device: certificates, when it was seen, its robots")
            .Refuses(Problem.DeviceUnknown, Problem.NoRegistry, Problem.RegistryFailed, Problem.RobotUnreachable);
        devices.MapPost("/{id}/rotate", RotateAsync).Allow(Role.Admin)
            .WithSummary("Issue a second certificate; both are good until the device is seen on the new one")
            .Refuses(Problem.Invalid, Problem.DeviceUnknown, Problem.RotationPending, Problem.NoRegistry, Problem.RegistryFailed, Problem.RobotUnreachable)
            .Audits("device-rotated");
        devices.MapDelete("/{id}", DeleteAsync).Allow(Role.Admin)
            .WithSummary("Revoke all certificates of a device, cut its connection and forget it, at once; asked again it is the same")
            .Refuses(Problem.DeviceUnknown, Problem.NoRegistry, Problem.RegistryFailed)
            .Audits("device-deleted");
        devices.MapDelete("/{id}/certificates/{fingerprint}", RetireAsync).Allow(Role.Admin)
            .WithSummary("Revoke one certificate of a device and cut its connection; with another one it may come back")
            .Refuses(Problem.Invalid, Problem.DeviceUnknown, Problem.NoRegistry, Problem.RegistryFailed)
            .Audits("certificate-revoked");
    }

    /// <summary>Answers with a problem where this silo gives no identities.</summary>
    public static RouteGroupBuilder NeedsRegistry(this RouteGroupBuilder routes) => routes.AddEndpointFilter(async (invocation, next) =>
        invocation.HttpContext.RequestServices.GetService<IDeviceRegistry>() is null
            ? Problem.NoRegistry.Answer("start the silo with --broker, so that it runs a broker for devices with certificates, or with --aws-iot")
            : await next(invocation));

    private static async Task<Results<Ok<Page<IdentityView>>, ProblemHttpResult>> ListAsync(
        [AsParameters] PageQuery page,
        [Microsoft.AspNetCore.Mvc.FromServices] IServiceProvider services,
        IRobotEngine engine,
        IdentityReader reader,
        CancellationToken cancellation)
    {
        if (page.Wrong is { } wrong)
            return wrong;
        var registry = services.GetRequiredService<IDeviceRegistry>();
        var found = await registry.ListAsync(page.After, page.Size + 1, cancellation);
        var robots = await engine.ListAsync(cancellation);
        return TypedResults.Ok(page.Cut(found, device => device.Name, device => reader.Read(device, robots)));
    }

    private static async Task<Results<Ok<IdentityView>, ProblemHttpResult>> GetAsync(
        string id, [Microsoft.AspNetCore.Mvc.FromServices] IServiceProvider services, IdentityReader reader, CancellationToken cancellation) =>
        await Desk(services).FindAsync(id, cancellation) is { } device
            ? TypedResults.Ok(await reader.ReadAsync(device, cancellation))
            : NoDevice(id);

    private static async Task<Results<Created<IssuedView>, Ok<IssuedView>, ProblemHttpResult>> PostAsync(
        NewIdentity body,
        [Microsoft.AspNetCore.Mvc.FromServices] IServiceProvider services,
        IdentityReader reader,
        HttpContext context,
        CancellationToken cancellation)
    {
        var rules = new RequestRules();
        rules.DeviceName("name", body.Name);
        var (kind, role) = rules.Kind(body.Kind, body.Role, body.Site);
        if (rules.Problem is { } wrong)
            return wrong;
        var done = await Desk(services).CreateAsync(new NewDevice(body.Name, kind, role, body.Site, body.Csr), cancellation);
        if (done.Answer.Refused is { } refused)
            return Problem.Refuse(refused);
        var view = await ViewAsync(done, body.Csr is not null, reader, context, cancellation);
        return done.Answer.IsNew ? TypedResults.Created($"/api/v1/devices/{body.Name}", view) : TypedResults.Ok(view);
    }

    private static async Task<Results<Ok<IssuedView>, ProblemHttpResult>> RotateAsync(
        string id,
        Rotation? body,
        [Microsoft.AspNetCore.Mvc.FromServices] IServiceProvider services,
        IdentityReader reader,
        HttpContext context,
        CancellationToken cancellation)
    {
        var done = await Desk(services).RotateAsync(id, body?.Csr, cancellation);
        return done.Answer.Refused is { } refused
            ? Problem.Refuse(refused)
            : TypedResults.Ok(await ViewAsync(done, body?.Csr is not null, reader, context, cancellation));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, [Microsoft.AspNetCore.Mvc.FromServices] IServiceProvider services, CancellationToken cancellation) =>
        await Desk(services).DeleteAsync(id, cancellation) is { } refused ? Problem.Refuse(refused) : TypedResults.NoContent();

    private static async Task<Results<NoContent, ProblemHttpResult>> RetireAsync(
        string id,
        string fingerprint,
        [Microsoft.AspNetCore.Mvc.FromServices] IServiceProvider services,
        CancellationToken cancellation)
    {
        if (!DeviceCertificate.IsFingerprint(fingerprint))
        {
            return Problem.WrongFields(new Dictionary<string, string>
            {
                ["fingerprint"] = "must be the certificate's SHA-256, 64 lower-case hexadecimal digits",
            });
        }

        var answer = await Desk(services).RetireAsync(id, fingerprint, cancellation);
        return answer.Refused is { } refused ? Problem.Refuse(refused) : TypedResults.NoContent();
    }

    // The desk is there where a registry is; the group's filter has seen to that.
    private static ProvisioningService Desk(IServiceProvider services) => services.GetRequiredService<ProvisioningService>();

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

/// <summary>From what registry, presence and engine know to what the API shows.</summary>
internal sealed class IdentityReader(IRobotEngine engine, DevicePresences presences, DeviceLastSeen sightings)
{
    /// <summary>A device.</summary>
    public async ValueTask<IdentityView> ReadAsync(DeviceIdentity device, CancellationToken cancellation) =>
        Read(device, await engine.ListAsync(cancellation));

    /// <summary>A device, given all robots.</summary>
    public IdentityView Read(DeviceIdentity device, IReadOnlyList<RobotSnapshot> robots)
    {
        var inUse = sightings.CertificateOf(device.Name);
        return new IdentityView(
            device.Name,
            DeviceKinds.NameOf(device.Kind),
            IdentityRules.WordOf(device.Role),
            device.Site,
            device.CreatedAt,
            device.Newest?.Fingerprint,
            device.Newest?.NotAfter,
            [.. device.Certificates.Select(its => new CertificateView(
                its.Fingerprint, its.NotBefore, its.NotAfter, its.IsCollected, its.Fingerprint == inUse))],
            presences.Of(device.Name)?.Presence.Online,
            sightings.Of(device.Name),
            [.. robots.SelectMany(robot => BoundTo(robot, device.Name))]);
    }

    private static IEnumerable<BoundRobotView> BoundTo(RobotSnapshot robot, string device)
    {
        if (robot.Document.Master is { } master && master.Name == device)
            yield return new BoundRobotView(robot.Document.Id, "master");
        if (robot.Document.Slaves.Any(slave => slave.Name == device))
            yield return new BoundRobotView(robot.Document.Id, "slave");
    }
}

/// <summary>What a device's description must keep.</summary>
internal static class IdentityRules
{
    /// <summary>Checks a device's own name.</summary>
    public static void DeviceName(this RequestRules rules, string field, string name)
    {
        rules.Name(field, name);
        if (name.StartsWith(CertificateAuthority.SiloName, StringComparison.OrdinalIgnoreCase))
            rules.Add(field, $"names that begin with {CertificateAuthority.SiloName} are the silo's own");
    }

    /// <summary>Checks kind, role and site; what they say, where nothing is wrong.</summary>
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

    /// <summary>The word for a role, or null.</summary>
    public static string? WordOf(BoardRole? role) => role switch
    {
        null => null,
        BoardRole.Leader => "leader",
        BoardRole.Follower => "follower",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "no role of a board"),
    };

    private static BoardRole? RoleOf(string? word) => word switch
    {
        "leader" => BoardRole.Leader,
        "follower" => BoardRole.Follower,
        _ => null,
    };
}
