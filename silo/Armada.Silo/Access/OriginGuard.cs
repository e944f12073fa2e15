using Armada.Silo.Api;
using Armada.Silo.Options;

namespace Armada.Silo.Access;

/// <summary>
/// Keeps other web sites out: a page opened in a browser that reaches the silo may use it only where its origin is the silo's own or
/// on the list; and a silo on loopback answers only to its own names, so that no foreign name can be pointed at it.
/// </summary>
internal sealed class OriginGuard(SiloOptions options)
{
    /// <summary>Name of the policy that tells browsers which origins are on the list.</summary>
    public const string CorsPolicy = "allow-list";

    private readonly HashSet<string> origins = new(options.Http.AllowedOrigins, StringComparer.Ordinal);
    private readonly HashSet<string> hosts = new(options.Http.AllowedHosts, StringComparer.OrdinalIgnoreCase);
    private readonly bool anyHost = !options.Http.IsLoopback && options.Http.AllowedHosts.Count == 0;

    /// <summary>Middleware: lets a request through whose Host and, if it has one, Origin are known.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host;
        var origin = context.Request.Headers.Origin.ToString();
        return Knows(host) && (origin.Length == 0 || IsOwn(origin, context.Request) || origins.Contains(origin))
            ? next(context)
            : Problem.ForeignOrigin
                .Answer($"host '{host}', origin '{origin}': the silo answers only pages of its own address and of those it is told of")
                .ExecuteAsync(context);
    }

    private bool Knows(HostString host) => anyHost || HttpOptions.IsLoopbackHost(host.Host) || hosts.Contains(host.Host);

    // Behind a proxy that does TLS the silo itself sees http.
    private bool IsOwn(string origin, HttpRequest request) =>
        origin == $"{request.Scheme}://{request.Host}" || (options.Http.InsecureHttp && origin == $"https://{request.Host}");
}
