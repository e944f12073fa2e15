using Armada.Silo.Options;

namespace Armada.Silo.Access;

/// <summary>
/// Refuses other web sites: a page in a browser may use the silo only where its origin is the silo's own or on the list; and a silo on
/// loopback answers only to its own host names, against DNS rebinding.
/// </summary>
internal sealed class OriginGuard(SiloOptions options)
{
    public const string CorsPolicy = "allow-list";

    private readonly HashSet<string> origins = new(options.Http.AllowedOrigins, StringComparer.Ordinal);
    private readonly HashSet<string> hosts = new(options.Http.AllowedHosts, StringComparer.OrdinalIgnoreCase);
    private readonly bool anyHost = !options.Http.IsLoopback && options.Http.AllowedHosts.Count == 0;

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host;
        var origin = context.Request.Headers.Origin.ToString();
        return Knows(host) && (origin.Length == 0 || IsOwn(origin, context.Request) || origins.Contains(origin))
            ? next(context)
            : Problem.ForeignOrigin
                .Answer($"host '{host}', origin '{origin}': only the silo's own pages and those of --allow-origin are served, under the host names of --allow-host")
                .ExecuteAsync(context);
    }

    private bool Knows(HostString host) => anyHost || HttpOptions.IsLoopbackHost(host.Host) || hosts.Contains(host.Host);

    // Behind a proxy that ends TLS the silo itself sees http.
    private bool IsOwn(string origin, HttpRequest request) =>
        origin == $"{request.Scheme}://{request.Host}" || (options.Http.InsecureHttp && origin == $"https://{request.Host}");
}
