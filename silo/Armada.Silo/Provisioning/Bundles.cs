using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Armada.Silo.Identities;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Armada.Silo.Provisioning;

/// <summary>/bundles: each can be collected once, by anyone who has its link.</summary>
internal static class BundleRoutes
{
    public const string Path = "/api/v1/bundles/";

    public static void MapBundles(this IEndpointRouteBuilder api) =>
        api.MapGroup("/bundles").WithTags("devices").NeedsRegistry().AllowAnonymous()
            .MapGet("/{secret}", CollectAsync)
            .WithSummary("Collect a bundle, once; no key is needed but the link")
            .Produces(StatusCodes.Status200OK, contentType: "application/zip")
            .Refuses(Problem.BundleGone, Problem.NoRegistry, Problem.RegistryFailed);

    public static string UrlOf(BundleLink link, HttpRequest request) => $"{request.Scheme}://{request.Host}{Path}{link.Secret()}";

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> CollectAsync(
        string secret, IServiceProvider services, IAuditTrail audit, HttpContext context, CancellationToken cancellation)
    {
        if (await services.GetRequiredService<ProvisioningService>().CollectAsync(secret, cancellation) is not { } link)
        {
            return Problem.BundleGone.Answer(
                "the link was used, has expired or never existed; POST /api/v1/devices/<name>/rotate gives the device another certificate and link");
        }

        audit.Record(new Caller("bundle-link", Role.Viewer, AddressOf(context)), "bundle-collected", link.Device, link.Fingerprint);
        await audit.FlushAsync(cancellation);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.File(link.Bundle.Zip.ToArray(), "application/zip", link.Bundle.FileName);
    }

    public static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
}

/// <summary>A bundle that is ready to be collected. The secret is a method, so that nothing logs or serializes it.</summary>
internal sealed class BundleLink(string device, string fingerprint, Bundle bundle, DateTimeOffset expiresAt, string secret)
{
    public string Device { get; } = device;
    public string Fingerprint { get; } = fingerprint;
    public Bundle Bundle { get; } = bundle;
    public DateTimeOffset ExpiresAt { get; } = expiresAt;

    public string Secret() => secret;

    public override string ToString() => $"bundle of {Device}";
}

/// <summary>
/// The bundles that are ready to be collected, one per device, for an hour and in memory only: a private key that was generated here is
/// stored nowhere, and a restart loses it.
/// </summary>
internal sealed class BundleLinks(TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private const int SecretBytes = 32;

    private readonly Lock sync = new();
    private readonly Dictionary<string, BundleLink> byDevice = new(StringComparer.Ordinal);

    public BundleLink? Find(string device, string? fingerprint)
    {
        lock (sync)
        {
            RemoveExpired();
            return byDevice.TryGetValue(device, out var link) && link.Fingerprint == fingerprint ? link : null;
        }
    }

    public BundleLink Add(string device, string fingerprint, Bundle bundle)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var link = new BundleLink(device, fingerprint, bundle, time.GetUtcNow() + Lifetime, secret);
        lock (sync)
        {
            RemoveExpired();
            byDevice[device] = link;
        }

        return link;
    }

    public BundleLink? Take(string secret)
    {
        var given = Encoding.UTF8.GetBytes(secret);
        lock (sync)
        {
            RemoveExpired();
            var link = byDevice.Values.FirstOrDefault(link => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(link.Secret()), given));
            if (link is not null)
                byDevice.Remove(link.Device);
            return link;
        }
    }

    public void Return(BundleLink link)
    {
        lock (sync)
            byDevice.TryAdd(link.Device, link);
    }

    public void Drop(string device)
    {
        lock (sync)
            byDevice.Remove(device);
    }

    private void RemoveExpired()
    {
        var now = time.GetUtcNow();
        foreach (var link in byDevice.Values.Where(link => link.ExpiresAt <= now).ToArray())
            byDevice.Remove(link.Device);
    }
}
