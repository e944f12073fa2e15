using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Armada.Silo.Access;

/// <summary>How much callers may use of a silo. The defaults let one panel at 20 Hz show and command 100 robots.</summary>
public sealed record RateLimits
{
    /// <summary>Largest body of a request whose route says nothing else, bytes.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    /// <summary>Connections at once, WebSockets aside; one more is closed at once.</summary>
    public int Connections { get; init; } = 2048;

    public int Sockets { get; init; } = 1024;

    public int SocketsPerCaller { get; init; } = 256;

    /// <summary>Sustained requests per second of one caller; twice as many at once. A stop or reset is never limited.</summary>
    public int RequestsPerSecond { get; init; } = 2000;

    /// <summary>Sustained requests per second of one address without a key or token; twice as many at once.</summary>
    public int StrangerRequestsPerSecond { get; init; } = 100;
}

/// <summary>Applies <see cref="RateLimits"/> to the web server and the routes.</summary>
internal static class RequestLimits
{
    public const int MaxLineBytes = 8 * 1024;
    public const int MaxHeaderBytes = 16 * 1024; // A token of an OpenID provider may have several thousand.
    public const int MaxHeaders = 64;

    private static readonly TimeSpan HeadersWithin = TimeSpan.FromSeconds(10);

    public static void Limit(this KestrelServerLimits server, RateLimits limits)
    {
        server.MaxRequestBodySize = RateLimits.MaxBodyBytes;
        server.MaxRequestLineSize = MaxLineBytes;
        server.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        server.MaxRequestHeaderCount = MaxHeaders;
        server.RequestHeadersTimeout = HeadersWithin;
        server.MaxConcurrentConnections = limits.Connections;
    }

    /// <summary>Allows bodies larger than <see cref="RateLimits.MaxBodyBytes"/>.</summary>
    public static TBuilder MaxBody<TBuilder>(this TBuilder routes, long bytes)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new RequestSizeLimitAttribute(bytes));
}

/// <summary>Refuses the requests that are too many of one caller, or of one address without a key or token.</summary>
/// <remarks>ASP.NET Core's own middleware never ends its limiter's timer, which keeps all of a host in memory that has ended.</remarks>
internal sealed class RequestLimiter(RateLimits limits) : IDisposable
{
    private const int BurstSeconds = 2;

    private readonly PartitionedRateLimiter<HttpContext> limiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
        context.Features.Get<Credential>() is { } credential
            ? RateLimitPartition.GetTokenBucketLimiter(credential.Caller.Name, _ => Bucket(limits.RequestsPerSecond))
            : RateLimitPartition.GetTokenBucketLimiter(
                $"?{Network(context.Connection.RemoteIpAddress)}", _ => Bucket(limits.StrangerRequestsPerSecond)));

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<DisableRateLimitingAttribute>() is not null)
        {
            await next(context);
            return;
        }

        using var lease = limiter.AttemptAcquire(context);
        if (lease.IsAcquired)
        {
            await next(context);
            return;
        }

        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Ceiling(after.TotalSeconds) : 1;
        context.Response.Headers.RetryAfter = Math.Max(1, wait).ToString(CultureInfo.InvariantCulture);
        await Problem.TooManyRequests
            .Answer($"a caller may send {limits.RequestsPerSecond} requests per second; a stop or reset is never limited")
            .ExecuteAsync(context);
    }

    public void Dispose() => limiter.Dispose();

    private static TokenBucketRateLimiterOptions Bucket(int perSecond) => new()
    {
        TokenLimit = perSecond * BurstSeconds,
        TokensPerPeriod = perSecond,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        QueueLimit = 0,
    };

    // Whoever has one IPv6 address has 2^64 of them.
    private static string Network(IPAddress? address)
    {
        if (address is not { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false })
            return address?.ToString() ?? "";
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes).ToString();
    }
}
