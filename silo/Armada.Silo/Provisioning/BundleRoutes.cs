using Armada.Silo.Access;
using Armada.Silo.Api;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Provisioning;

/// <summary>/bundles: what waits to be collected, each once, by whoever has the link.</summary>
internal static class BundleRoutes
{
    /// <summary>The path of every link, up to its secret.</summary>
    public const string Path = "/api/v1/bundles/";

    /// <summary>Maps the route.</summary>
    public static void MapBundles(this IEndpointRouteBuilder api) =>
        api.MapGroup("/bundles").WithTags("devices").NeedsRegistry().AllowAnonymous()
            .MapGet("/{secret}", CollectAsync)
            .WithSummary("Collect a bundle, once; the link is the key to it")
            .Produces(StatusCodes.Status200OK, contentType: "application/zip")
            .Refuses(Problem.BundleGone, Problem.NoRegistry, Problem.RegistryFailed);

    /// <summary>The link to a bundle, under the name by which the silo was just asked.</summary>
    public static string UrlOf(BundleLink link, HttpRequest request) => $"{request.Scheme}://{request.Host}{Path}{link.Secret()}";

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> CollectAsync(
        string secret,
        [Microsoft.AspNetCore.Mvc.FromServices] IServiceProvider services,
        IAuditTrail audit,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (await services.GetRequiredService<ProvisioningService>().CollectAsync(secret, cancellation) is not { } link)
        {
            return Problem.BundleGone.Answer(
                "the link was used before, is over, or never was one; POST /api/v1/devices/<name>/rotate gives the device another certificate and link");
        }

        audit.Record(new Caller("bundle-link", Role.Viewer, AddressOf(context)), "bundle-collected", link.Device, link.Fingerprint);
        await audit.FlushAsync(cancellation);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.File(link.Bundle.Zip.ToArray(), "application/zip", link.Bundle.FileName);
    }

    /// <summary>Where a request comes from.</summary>
    public static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
}
