using System.Globalization;

namespace Armada.Silo.Options;

/// <summary>Which doors may be opened together.</summary>
internal static class HttpOptionsValidator
{
    /// <summary>Refuses doors that would let in, or be read by, those they are not meant for.</summary>
    /// <exception cref="SiloOptionsException">The message says which option to change.</exception>
    public static void Check(SiloOptions options)
    {
        foreach (var url in options.Urls)
        {
            if (url.Scheme == Uri.UriSchemeHttps && options.Tls is null)
                throw new SiloOptionsException($"--urls '{url}' needs --tls-cert and --tls-key, PEM files of its certificate");
            if (url.Scheme == Uri.UriSchemeHttp && !ListenUrls.IsLoopback(url) && !options.InsecureHttp)
            {
                throw new SiloOptionsException(
                    $"--urls '{url}' would send keys in the clear: use https with --tls-cert and --tls-key, "
                    + "or --insecure-http behind a proxy that does TLS");
            }
        }

        if (options.Tls is not null && options.Urls.All(url => url.Scheme != Uri.UriSchemeHttps))
            throw new SiloOptionsException("--tls-cert is given, but --urls has no https address");
        if (options.Open && !options.IsLoopback)
            throw new SiloOptionsException("--open lets everyone in and is for loopback only; leave it out, or listen on 127.0.0.1");
        foreach (var origin in options.AllowedOrigins)
            CheckOrigin(origin);
        CheckOidc(options.Oidc);
        CheckLimits(options.Limits);
    }

    private static void CheckOrigin(string origin)
    {
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            || url.GetLeftPart(UriPartial.Authority) != origin)
        {
            throw new SiloOptionsException($"--allow-origin '{origin}' must be as a browser sends it, such as https://panel.example");
        }
    }

    private static void CheckOidc(OidcOptions? oidc)
    {
        if (oidc is null)
            return;
        if (!oidc.Authority.IsAbsoluteUri
            || (oidc.Authority.Scheme != Uri.UriSchemeHttps
                && !(oidc.Authority.Scheme == Uri.UriSchemeHttp && ListenUrls.IsLoopback(oidc.Authority))))
        {
            throw new SiloOptionsException($"--oidc-authority '{oidc.Authority}' must be an https address; http is for loopback only");
        }
    }

    private static void CheckLimits(Access.RateLimits limits)
    {
        foreach (var (option, value) in new[]
        {
            ("--max-connections", limits.Connections),
            ("--max-sockets", limits.Sockets),
            ("--max-sockets-per-caller", limits.SocketsPerCaller),
            ("--max-requests", limits.RequestsPerSecond),
        })
        {
            if (value is < 1 or > 1_000_000)
                throw new SiloOptionsException(string.Create(CultureInfo.InvariantCulture, $"{option} {value} must be 1 to 1000000"));
        }
    }
}
