using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Armada.Silo.Access;
using Armada.Silo.Api;
using Armada.Silo.Identities;
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

/// <summary>A bundle that waits to be collected. It does not show its secret.</summary>
/// <param name="device">Whose it is.</param>
/// <param name="fingerprint">Of the certificate in it.</param>
/// <param name="bundle">The archive.</param>
/// <param name="expiresAt">Until when it waits.</param>
/// <param name="secret">The last part of the link.</param>
internal sealed class BundleLink(string device, string fingerprint, Bundle bundle, DateTimeOffset expiresAt, string secret)
{
    /// <summary>Whose it is.</summary>
    public string Device { get; } = device;

    /// <summary>Of the certificate in it.</summary>
    public string Fingerprint { get; } = fingerprint;

    /// <summary>The archive.</summary>
    public Bundle Bundle { get; } = bundle;

    /// <summary>Until when it waits.</summary>
    public DateTimeOffset ExpiresAt { get; } = expiresAt;

    /// <summary>The last part of the link; whoever has it gets the bundle.</summary>
    public string Secret() => secret;

    /// <inheritdoc/>
    public override string ToString() => $"bundle of {Device}";
}

/// <summary>
/// Bundles that wait to be collected, in memory alone: a key that was made here is nowhere else, and a restart forgets it. One for each
/// device.
/// </summary>
internal sealed class BundleLinks(TimeProvider time)
{
    /// <summary>How long a bundle waits.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    private const int SecretBytes = 32; // 256 bits, beyond any guessing.

    private readonly Lock sync = new();
    private readonly Dictionary<string, BundleLink> byDevice = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BundleLink> byHash = new(StringComparer.Ordinal);

    /// <summary>The link that waits for a device's certificate, or null.</summary>
    public BundleLink? Find(string device, string? fingerprint)
    {
        lock (sync)
        {
            Sweep();
            return byDevice.TryGetValue(device, out var link) && link.Fingerprint == fingerprint ? link : null;
        }
    }

    /// <summary>Lets a bundle wait; the one before it of the device waits no longer.</summary>
    public BundleLink Add(string device, string fingerprint, Bundle bundle)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var link = new BundleLink(device, fingerprint, bundle, time.GetUtcNow() + Life, secret);
        lock (sync)
        {
            Sweep();
            Remove(device);
            Put(link);
        }

        return link;
    }

    /// <summary>Takes a bundle; a second time there is none.</summary>
    public BundleLink? Take(string secret)
    {
        lock (sync)
        {
            Sweep();
            if (!byHash.TryGetValue(Hash(secret), out var link))
                return null;
            Remove(link.Device);
            return link;
        }
    }

    /// <summary>Puts a bundle back that could not be handed out, unless a newer one of the device waits.</summary>
    public void Return(BundleLink link)
    {
        lock (sync)
        {
            if (!byDevice.ContainsKey(link.Device))
                Put(link);
        }
    }

    /// <summary>Lets a device's bundle wait no longer.</summary>
    public void Drop(string device)
    {
        lock (sync)
            Remove(device);
    }

    // Found by hash, so that the time of a search tells nothing of a secret.
    private static string Hash(string secret) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private void Put(BundleLink link)
    {
        byDevice[link.Device] = link;
        byHash[Hash(link.Secret())] = link;
    }

    private void Remove(string device)
    {
        if (byDevice.Remove(device, out var link))
            byHash.Remove(Hash(link.Secret()));
    }

    private void Sweep()
    {
        var now = time.GetUtcNow();
        foreach (var link in byDevice.Values.Where(link => link.ExpiresAt <= now).ToArray())
            Remove(link.Device);
    }
}
