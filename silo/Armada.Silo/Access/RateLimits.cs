using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Armada.Silo.Access;

/// <summary>How much callers may use of a silo. The defaults let one panel at 20 Hz show and command 100 robots.</summary>
public sealed record RateLimits
{
    /// <summary>Largest body of a request whose route says nothing else, bytes.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    /// <summary>Connections at once of callers with a key, WebSockets aside; one more ends with its request.</summary>
    public int Connections { get; init; } = 2048;

    /// <summary>Connections at once that have shown no key or certificate, of a listener; for one more the oldest is closed.</summary>
    public int UnprovenConnections { get; init; } = 1024;

    /// <summary>Those of one address.</summary>
    public int UnprovenConnectionsPerAddress { get; init; } = 512;

    public int Sockets { get; init; } = 1024;

    public int SocketsPerCaller { get; init; } = 256;

    /// <summary>Sustained requests per second of one caller; twice as many at once. A stop or reset is never limited.</summary>
    public int RequestsPerSecond { get; init; } = 2000;

    /// <summary>Sustained requests per second of one address that fail for want of a valid key or other secret; all those of two seconds at once.</summary>
    public int FailuresPerSecond { get; init; } = 100;
}

/// <summary>Applies <see cref="RateLimits"/> to the web server and the routes.</summary>
internal static class RequestLimits
{
    public const int MaxLineBytes = 8 * 1024;
    public const int MaxHeaderBytes = 16 * 1024; // A token of an OpenID provider may have several thousand.
    public const int MaxHeaders = 64;

    private static readonly TimeSpan HeadersWithin = TimeSpan.FromSeconds(10);

    public static void Limit(this KestrelServerLimits server)
    {
        server.MaxRequestBodySize = RateLimits.MaxBodyBytes;
        server.MaxRequestLineSize = MaxLineBytes;
        server.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        server.MaxRequestHeaderCount = MaxHeaders;
        server.RequestHeadersTimeout = HeadersWithin;
    }

    /// <summary>
    /// Middleware: refuses a body with two lengths, on which a proxy and the silo might disagree (RFC 9112, section 6.1). The web server
    /// has renamed the one that it ignores.
    /// </summary>
    public static Task RefuseTwoLengthsAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.TransferEncoding.Count == 0 || !context.Request.Headers.ContainsKey("X-Content-Length"))
            return next(context);
        context.Response.Headers.Connection = "close";
        return Problem.BadRequest.Answer("a request has Content-Length or Transfer-Encoding, not both").ExecuteAsync(context);
    }

    /// <summary>Allows bodies larger than <see cref="RateLimits.MaxBodyBytes"/>.</summary>
    public static TBuilder MaxBody<TBuilder>(this TBuilder routes, long bytes)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new RequestSizeLimitAttribute(bytes));
}

/// <summary>Refuses the requests that are too many of one caller, or that fail too often from one address without a key or token.</summary>
/// <remarks>ASP.NET Core's own middleware never ends its limiter's timer, which keeps all of a host in memory that has ended.</remarks>
internal sealed class RequestLimiter(RateLimits limits) : IDisposable
{
    private const int BurstSeconds = 2;

    private readonly PartitionedRateLimiter<string> callers = PartitionedRateLimiter.Create<string, string>(
        caller => RateLimitPartition.GetTokenBucketLimiter(caller, _ => new()
        {
            TokenLimit = limits.RequestsPerSecond * BurstSeconds,
            TokensPerPeriod = limits.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    private readonly PartitionedRateLimiter<string> failures = PartitionedRateLimiter.Create<string, string>(
        address => RateLimitPartition.GetFixedWindowLimiter(address, _ => new() { PermitLimit = limits.FailuresPerSecond * BurstSeconds, Window = TimeSpan.FromSeconds(BurstSeconds) }));

    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        context.Features.Get<Credential>() is { } credential ? ServeAsync(context, next, credential) : ServeUnprovenAsync(context, next);

    public void Dispose()
    {
        callers.Dispose();
        failures.Dispose();
    }

    private async Task ServeAsync(HttpContext context, RequestDelegate next, Credential credential)
    {
        if (context.Features.Get<LimitedConnection>()?.TryProve() == false)
            context.Response.Headers.Connection = "close";
        using var lease = IsUnlimited(context) ? null : callers.AttemptAcquire(credential.Caller.Name);
        if (lease is { IsAcquired: false })
            await RefuseAsync(context, lease, $"a caller may send {limits.RequestsPerSecond} requests per second; a stop or reset is never limited");
        else
            await next(context);
    }

    // What succeeds without a key is for everybody and costs little. What has a secret of its own, such as an enrollment, is not refused because of
    // wrong keys that come from the same address.
    private async Task ServeUnprovenAsync(HttpContext context, RequestDelegate next)
    {
        var address = ClientNetwork.Of(context.Connection.RemoteIpAddress);
        if (context.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            address += endpoint.RoutePattern.RawText;
        using var lease = IsUnlimited(context) ? null : failures.AttemptAcquire(address, permitCount: 0);
        if (lease is { IsAcquired: false })
        {
            await RefuseAsync(context, lease, $"an address may fail {limits.FailuresPerSecond} times per second to show a key or other secret");
            return;
        }

        await next(context);
        if (context.Response.StatusCode >= StatusCodes.Status400BadRequest)
            failures.AttemptAcquire(address).Dispose();
    }

    private static bool IsUnlimited(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<DisableRateLimitingAttribute>() is not null;

    private static Task RefuseAsync(HttpContext context, RateLimitLease lease, string reason)
    {
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Ceiling(after.TotalSeconds) : 1;
        context.Response.Headers.RetryAfter = Math.Max(1, wait).ToString(CultureInfo.InvariantCulture);
        return Problem.TooManyRequests.Answer(reason).ExecuteAsync(context);
    }
}
