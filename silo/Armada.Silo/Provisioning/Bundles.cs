using System.Buffers.Text;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Armada.Core.Engine;
using Armada.Core.Topics;
using Armada.Grains.Identities;
using Armada.Silo.Engine;
using Armada.Silo.Identities;
using Armada.Silo.Store;
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
        if (await services.GetRequiredService<ProvisioningService>().CollectAsync(secret, cancellation) is not { } collected)
        {
            return Problem.BundleGone.Answer(
                "the link was used, has expired or never existed; POST /api/v1/devices/<name>/rotate gives the device another certificate and link");
        }

        audit.Record(new Caller("bundle-link", Role.Viewer, AddressOf(context)), "bundle-collected", collected.Device, collected.Fingerprint);
        await audit.FlushAsync(cancellation);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.File(collected.Bundle.Zip.ToArray(), "application/zip", collected.Bundle.FileName);
    }

    public static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
}

/// <summary>Where a bundle waits to be collected. The secret is a method, so that nothing logs or serializes it.</summary>
internal sealed class BundleLink(string secret, DateTimeOffset expiresAt)
{
    public DateTimeOffset ExpiresAt { get; } = expiresAt;

    public string Secret() => secret;
}

/// <summary>A bundle that was handed out.</summary>
internal sealed record CollectedBundle(string Device, string Fingerprint, Bundle Bundle);

/// <summary>
/// The bundles that are ready to be collected, one per device, for an hour. They are stored encrypted, and the link alone opens them: its
/// secret begins with the device's name and goes on with the key.
/// </summary>
internal sealed class BundleLinks(IGrainFactory grains, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private const int KeyBytes = 32;
    private const int TagBytes = 16;

    // A key encrypts one bundle.
    private static readonly byte[] Nonce = new byte[12];

    /// <summary>The link of a certificate's bundle; null where none waits, or it is no longer known.</summary>
    /// <exception cref="EngineUnreachableException"/>
    public async Task<BundleLink?> FindAsync(string device, string? fingerprint, CancellationToken cancellation) =>
        fingerprint is not null && await Of(device).FindAsync(fingerprint).AnswerAsync(NameOf(device), cancellation) is { } waiting
            ? new BundleLink(waiting.Secret, waiting.ExpiresAt)
            : null;

    /// <exception cref="RegistryFailedException">It could not be stored.</exception>
    /// <exception cref="EngineUnreachableException"/>
    public async Task<BundleLink> AddAsync(string device, string fingerprint, Bundle bundle, CancellationToken cancellation)
    {
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        var secret = $"{device}.{Base64Url.EncodeToString(key)}";
        var waiting = new WaitingBundle(fingerprint, bundle.FileName, time.GetUtcNow() + Lifetime, HashOf(secret), Seal(key, bundle.Zip.Span));
        await OfferAsync(device, waiting, secret, cancellation);
        return new BundleLink(secret, waiting.ExpiresAt);
    }

    /// <summary>Hands a bundle out, once; null where there is none for the secret.</summary>
    /// <param name="collected">Notes that it is handed out; where that fails, it waits again.</param>
    /// <exception cref="RegistryFailedException">It stays ready.</exception>
    /// <exception cref="EngineUnreachableException"/>
    public async Task<CollectedBundle?> TakeAsync(string secret, Func<CollectedBundle, Task<bool>> collected, CancellationToken cancellation)
    {
        var key = new byte[KeyBytes];
        var dot = secret.IndexOf('.', StringComparison.Ordinal);
        var device = dot < 0 ? "" : secret[..dot];
        if (!DeviceName.IsValid(device) || !Base64Url.TryDecodeFromChars(secret.AsSpan(dot + 1), key, out var length) || length != KeyBytes)
            return null;
        var reply = await Of(device).TakeAsync(HashOf(secret)).AnswerAsync(NameOf(device), cancellation);
        if (reply.Failure is { } failure)
            throw new RegistryFailedException($"the bundle stays ready: {failure}", new NotStoredException(failure));
        if (reply.Bundle is not { } waiting)
            return null;
        var bundle = new CollectedBundle(device, waiting.Fingerprint, new Bundle(waiting.FileName, Open(key, waiting.Sealed.AsSpan())));
        try
        {
            return await collected(bundle) ? bundle : null;
        }
        catch
        {
            await OfferAsync(device, waiting, secret, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Forgets the bundle of a certificate, or (null) of any.</summary>
    public Task DropAsync(string device, string? fingerprint = null) =>
        Of(device).DropAsync(fingerprint).AnswerAsync(NameOf(device), CancellationToken.None);

    private IBundleGrain Of(string device) => grains.GetGrain<IBundleGrain>(device);

    private static string NameOf(string device) => $"the bundle of {device}";

    private async Task OfferAsync(string device, WaitingBundle bundle, string secret, CancellationToken cancellation)
    {
        if (await Of(device).OfferAsync(bundle, secret).AnswerAsync(NameOf(device), cancellation) is { } failure)
            throw new RegistryFailedException($"the bundle of {device} is not ready: {failure}; repeat the call", new NotStoredException(failure));
    }

    private static ImmutableArray<byte> HashOf(string secret) => [.. SHA256.HashData(Encoding.UTF8.GetBytes(secret))];

    private static ImmutableArray<byte> Seal(byte[] key, ReadOnlySpan<byte> content)
    {
        var all = new byte[TagBytes + content.Length];
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(Nonce, content, all.AsSpan(TagBytes), all.AsSpan(0, TagBytes));
        return ImmutableCollectionsMarshal.AsImmutableArray(all);
    }

    private static byte[] Open(byte[] key, ReadOnlySpan<byte> all)
    {
        var content = new byte[all.Length - TagBytes];
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Decrypt(Nonce, all[TagBytes..], all[..TagBytes], content);
        return content;
    }
}
