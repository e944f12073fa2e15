using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Armada.Silo.Api;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Armada.Silo.Access;

/// <summary>How much and how often callers may ask.</summary>
internal static class RequestLimits
{
    private const int BurstSeconds = 2;

    /// <summary>Limits what a connection may send, and how many there are.</summary>
    public static void Limit(this KestrelServerLimits server, RateLimits limits)
    {
        server.MaxRequestBodySize = RateLimits.MaxBodyBytes;
        server.MaxRequestLineSize = RateLimits.MaxLineBytes;
        server.MaxRequestHeadersTotalSize = RateLimits.MaxHeaderBytes;
        server.MaxRequestHeaderCount = RateLimits.MaxHeaders;
        server.RequestHeadersTimeout = RateLimits.HeadersWithin;
        server.MaxConcurrentConnections = limits.Connections;
    }

    /// <summary>Limits how often each caller asks.</summary>
    public static void Limit(this RateLimiterOptions rates, RateLimits limits)
    {
        rates.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
            context.Features.Get<Credential>() is { } credential
                ? RateLimitPartition.GetTokenBucketLimiter(credential.Caller.Name, _ => Bucket(limits.RequestsPerSecond))
                : RateLimitPartition.GetTokenBucketLimiter(
                    $"?{Network(context.Connection.RemoteIpAddress)}", _ => Bucket(limits.StrangerRequestsPerSecond)));
        rates.OnRejected = async (rejected, _) =>
        {
            var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Ceiling(after.TotalSeconds) : 1;
            rejected.HttpContext.Response.Headers.RetryAfter = Math.Max(1, wait).ToString(CultureInfo.InvariantCulture);
            await Problem.TooManyRequests
                .Answer($"a caller may ask {limits.RequestsPerSecond} times a second; a stop or reset always gets through")
                .ExecuteAsync(rejected.HttpContext);
        };
    }

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
        if (address is null)
            return "";
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || address.IsIPv4MappedToIPv6)
            return address.ToString();
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes).ToString();
    }
}
