using System.Net;

namespace Armada.Silo.Options;

/// <summary>Where the silo listens for HTTP, and whom it admits.</summary>
public sealed record HttpOptions
{
    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>Addresses, each an IP address of this machine or localhost. Port 0 takes a free one.</summary>
    public IReadOnlyList<Uri> Urls { get; init; } = [new Uri(DefaultUrl)];

    public TlsFiles? Tls { get; init; }

    public bool InsecureHttp { get; init; }

    public bool Open { get; init; }

    /// <summary>Browser origins that may use the silo besides its own, such as https://panel.example.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Host names of the silo besides loopback's. Where it is empty and other machines reach the silo, every name is accepted.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Proxies in front, whose word on the client's address and scheme is taken.</summary>
    public IReadOnlyList<IPNetwork> KnownProxies { get; init; } = [];

    public RateLimits Limits { get; init; } = new();

    public bool IsLoopback => Urls.All(IsLoopbackUrl);

    internal string PublicUrl => $"{UrlsName} '{Urls.First(url => !IsLoopbackUrl(url))}'";

    internal string UrlsName { get; init; } = Settings.Urls.Option;

    internal static HttpOptions Read(SiloConfiguration settings)
    {
        var limits = new RateLimits();
        return new HttpOptions
        {
            Urls = ReadUrls(settings),
            UrlsName = settings.NameOf(Settings.Urls),
            Tls = settings.Files(Settings.TlsCert, Settings.TlsKey) is [var certificate, var key] ? new TlsFiles(certificate, key) : null,
            InsecureHttp = settings.Flag(Settings.InsecureHttp),
            Open = settings.Flag(Settings.Open),
            AllowedOrigins = settings.List(Settings.AllowOrigin),
            AllowedHosts = settings.List(Settings.AllowHost),
            KnownProxies = ReadProxies(settings),
            Limits = limits with
            {
                Connections = Limit(Settings.MaxConnections) ?? limits.Connections,
                Sockets = Limit(Settings.MaxSockets) ?? limits.Sockets,
                SocketsPerCaller = Limit(Settings.MaxSocketsPerCaller) ?? limits.SocketsPerCaller,
                RequestsPerSecond = Limit(Settings.MaxRequests) ?? limits.RequestsPerSecond,
            },
        };

        int? Limit(Setting setting) => settings.Number(setting, 1, 1_000_000);
    }

    internal bool IsKnownProxy(IPAddress? address) => address is not null && KnownProxies.Any(proxy => proxy.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address));

    /// <summary>What would admit, or be read by, somebody it is not meant for.</summary>
    internal IEnumerable<string> Problems()
    {
        foreach (var url in Urls)
        {
            if (url.Scheme == Uri.UriSchemeHttps && Tls is null)
                yield return $"{UrlsName} '{url}' needs --tls-cert and --tls-key, PEM files of its certificate";
            if (url.Scheme == Uri.UriSchemeHttp && !IsLoopbackUrl(url) && !InsecureHttp)
            {
                yield return $"{UrlsName} '{url}' would send keys in the clear: use https with --tls-cert and --tls-key, "
                    + "or --insecure-http behind a proxy that ends TLS";
            }
        }

        if (Tls is not null && Urls.Count > 0 && Urls.All(url => url.Scheme != Uri.UriSchemeHttps))
            yield return $"--tls-cert '{Tls.CertificateFile}' is given, but {UrlsName} has no https address; add one or leave the certificate out";
        if (Open && !IsLoopback)
            yield return $"--open admits everyone and is for loopback only, but {PublicUrl} is reached by other machines; leave it out, or listen on 127.0.0.1";
        foreach (var origin in AllowedOrigins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var url) || !IsHttp(url) || url.GetLeftPart(UriPartial.Authority) != origin)
                yield return $"--allow-origin '{origin}' must be as a browser sends it, such as https://panel.example";
        }
    }

    /// <summary>Whether a host's name or address is this machine's loopback.</summary>
    internal static bool IsLoopbackHost(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    internal static bool IsLoopbackUrl(Uri url) => IsLoopbackHost(url.DnsSafeHost);

    internal static bool IsHttp(Uri url) => url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps;

    private static List<IPNetwork> ReadProxies(SiloConfiguration settings)
    {
        var proxies = new List<IPNetwork>();
        foreach (var text in settings.List(Settings.KnownProxy))
        {
            if (IPAddress.TryParse(text, out var address))
                proxies.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else if (!IPNetwork.TryParse(text, out var network))
                settings.Refuse(Settings.KnownProxy, text, "must be an IP address, or a network such as 10.0.0.0/8");
            else if (network.PrefixLength == 0)
                settings.Refuse(Settings.KnownProxy, text, "would let everybody claim any address; give the proxies' own addresses or networks");
            else
                proxies.Add(network);
        }

        return proxies;
    }

    private static List<Uri> ReadUrls(SiloConfiguration settings)
    {
        var urls = new List<Uri>();
        var texts = settings.List(Settings.Urls);
        if (texts.Count == 0 && settings.IsSet(Settings.Urls))
            settings.Refuse(Settings.Urls, $"holds no address; leave it out for {DefaultUrl}");
        foreach (var text in texts.Count == 0 ? [DefaultUrl] : texts)
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || !IsHttp(url) || url.PathAndQuery != "/" || url.UserInfo.Length > 0)
                settings.Refuse(Settings.Urls, text, $"must look like {DefaultUrl}");
            else if (url.Host != "localhost" && !IPAddress.TryParse(url.DnsSafeHost, out _)) // The web server would listen on every address.
                settings.Refuse(Settings.Urls, text, "must name an IP address of this machine, or localhost; 0.0.0.0 and [::] are all of them");
            else
                urls.Add(url);
        }

        return urls;
    }
}

/// <param name="CertificateFile">The certificate, followed by those that lead to its authority.</param>
public sealed record TlsFiles(string CertificateFile, string KeyFile);

/// <summary>An OpenID Connect provider whose tokens the silo accepts.</summary>
/// <param name="Authority">Its address, under which /.well-known/openid-configuration is served; https, or http on loopback.</param>
public sealed record OidcOptions(Uri Authority, string Audience)
{
    public const string DefaultRoleClaim = "roles";

    /// <summary>Claim whose values viewer, operator and admin are the caller's roles; the highest counts.</summary>
    public string RoleClaim { get; init; } = DefaultRoleClaim;

    internal static OidcOptions? Read(SiloConfiguration settings)
    {
        var (authority, audience) = (settings.Text(Settings.OidcAuthority), settings.Text(Settings.OidcAudience));
        if (authority is null != audience is null)
            settings.Refuse("--oidc-authority and --oidc-audience are given together or not at all");
        if (authority is null || audience is null)
            return null;
        if (Uri.TryCreate(authority, UriKind.Absolute, out var address) && HttpOptions.IsHttp(address)
            && (address.Scheme == Uri.UriSchemeHttps || HttpOptions.IsLoopbackUrl(address)))
        {
            return new OidcOptions(address, audience) { RoleClaim = settings.Text(Settings.OidcRoleClaim)! };
        }

        settings.Refuse(Settings.OidcAuthority, "must be an https address; http is for loopback only");
        return null;
    }
}
