using System.Net;

namespace Armada.Silo.Api;

/// <summary>
/// Keeps other web sites out while nothing authenticates callers: a page opened in a browser on this machine could otherwise
/// reach the loopback address and release a stop.
/// </summary>
internal static class LoopbackGuard
{
    /// <summary>Lets a request through whose Host is loopback and whose Origin, if it has one, is the silo's own.</summary>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host;
        var origin = context.Request.Headers.Origin.ToString();
        if (IsLoopback(host.Host) && (origin.Length == 0 || origin == $"{context.Request.Scheme}://{host}"))
        {
            await next(context);
            return;
        }

        await Problem.ForeignOrigin
            .Answer($"host '{host}', origin '{origin}': the silo answers only pages of its own address")
            .ExecuteAsync(context);
    }

    private static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
