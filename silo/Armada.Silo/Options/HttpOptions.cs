using System.CommandLine;
using Armada.Silo.Access;

namespace Armada.Silo.Options;

/// <summary>The options of the command line about who may come in and how much they may take.</summary>
internal sealed class HttpOptions
{
    private static readonly RateLimits Limits = new();

    private readonly Option<string> urls = new("--urls")
    {
        Description = "Addresses to listen on, separated by ';'; beyond loopback only with keys or OpenID Connect.",
        DefaultValueFactory = _ => SiloOptions.DefaultUrl,
    };

    private readonly Option<string?> certificate = new("--tls-cert") { Description = "PEM file of the https certificate and its chain." };

    private readonly Option<string?> key = new("--tls-key") { Description = "PEM file of the https certificate's private key." };

    private readonly Option<bool> insecure = new("--insecure-http") { Description = "Allow http beyond loopback, behind a proxy that does TLS." };

    private readonly Option<bool> open = new("--open") { Description = "Let callers in without a key although there are keys; loopback only." };

    private readonly Option<string?> authority = new("--oidc-authority") { Description = "OpenID Connect provider whose tokens are taken." };

    private readonly Option<string?> audience = new("--oidc-audience") { Description = "What its tokens must be meant for." };

    private readonly Option<string> roleClaim = new("--oidc-role-claim")
    {
        Description = "Claim that holds viewer, operator or admin.",
        DefaultValueFactory = _ => OidcOptions.DefaultRoleClaim,
    };

    private readonly Option<string[]> origins = new("--allow-origin") { Description = "Browser origin that may use the doors; repeatable." };

    private readonly Option<string[]> hosts = new("--allow-host") { Description = "Name the silo may be called by; repeatable." };

    private readonly Option<int> connections = Number("--max-connections", "Connections at once.", Limits.Connections);

    private readonly Option<int> sockets = Number("--max-sockets", "WebSockets at once.", Limits.Sockets);

    private readonly Option<int> socketsPerCaller =
        Number("--max-sockets-per-caller", "WebSockets at once of one caller.", Limits.SocketsPerCaller);

    private readonly Option<int> requests =
        Number("--max-requests", "Requests a second of one caller; stops and resets are not limited.", Limits.RequestsPerSecond);

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])
            [urls, certificate, key, insecure, open, authority, audience, roleClaim, origins, hosts, connections, sockets, socketsPerCaller, requests])
        {
            command.Add(option);
        }
    }

    /// <summary>What was said.</summary>
    /// <exception cref="SiloOptionsException">Something is wrong with it.</exception>
    public SiloOptions Read(ParseResult line, SiloOptions options) => options with
    {
        Urls = ListenUrls.Parse(line.GetRequiredValue(urls)),
        Tls = ReadTls(line),
        InsecureHttp = line.GetValue(insecure),
        Open = line.GetValue(open),
        Oidc = ReadOidc(line),
        AllowedOrigins = line.GetValue(origins) ?? [],
        AllowedHosts = line.GetValue(hosts) ?? [],
        Limits = Limits with
        {
            Connections = line.GetValue(connections),
            Sockets = line.GetValue(sockets),
            SocketsPerCaller = line.GetValue(socketsPerCaller),
            RequestsPerSecond = line.GetValue(requests),
        },
    };

    private SiloTls? ReadTls(ParseResult line)
    {
        var files = (Certificate: line.GetValue(certificate), Key: line.GetValue(key));
        if (files.Certificate is null != files.Key is null)
            throw new SiloOptionsException("--tls-cert and --tls-key are given together or not at all");
        foreach (var (option, file) in new[] { (certificate, files.Certificate), (key, files.Key) })
        {
            if (file is not null && !File.Exists(file))
                throw new SiloOptionsException($"{option.Name} '{file}' is no file");
        }

        return files.Certificate is null ? null : new SiloTls(files.Certificate, files.Key!);
    }

    private OidcOptions? ReadOidc(ParseResult line)
    {
        var said = (Authority: line.GetValue(authority), Audience: line.GetValue(audience));
        if (said.Authority is null != said.Audience is null)
            throw new SiloOptionsException("--oidc-authority and --oidc-audience are given together or not at all");
        if (said.Authority is null)
            return null;
        if (!Uri.TryCreate(said.Authority, UriKind.Absolute, out var address))
            throw new SiloOptionsException($"--oidc-authority '{said.Authority}' must be an https address");
        return new OidcOptions(address, said.Audience!) { RoleClaim = line.GetRequiredValue(roleClaim) };
    }

    private static Option<int> Number(string name, string description, int standard) =>
        new(name) { Description = description, DefaultValueFactory = _ => standard };
}
