using System.Net;
using Armada.Silo.Access.Keys;
using Armada.Silo.Access.Tokens;
using Armada.Silo.Mqtt;
using Armada.Silo.Options;
using Armada.Silo.Sockets;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Armada.Silo.Access;

/// <summary>Everything a request passes before it reaches its route: addresses, limits, origins, keys and tokens, roles.</summary>
internal static class AccessPipeline
{
    private const string EitherScheme = "Armada";

    public static void AddAccess(this WebApplicationBuilder builder, SiloOptions options)
    {
        Listen(builder.WebHost, options);
        var services = builder.Services;
        services.AddSingleton(options.Http.Limits);
        if (options.Http.Tls is { } tls)
            services.AddSingleton(provider => ActivatorUtilities.CreateInstance<HttpsCertificate>(provider, tls));
        services.Configure<SocketTransportOptions>(KestrelSockets.Configure);
        services.AddSingleton<KeyRing>();
        services.AddSingleton<KeyUses>();
        services.AddSingleton<AnonymousAccess>();
        services.AddSingleton<OpenSockets>();
        services.AddSingleton<OriginGuard>();
        services.AddSingleton<RefusedLogins>();
        services.AddSingleton<RequestLimiter>();
        services.AddCors(cors => cors.AddPolicy(OriginGuard.CorsPolicy, policy => policy
            .WithOrigins([.. options.Http.AllowedOrigins])
            .AllowAnyMethod()
            .WithHeaders("authorization", "content-type", "if-match", "if-none-match", PresentedSecret.Header)
            .WithExposedHeaders("etag", "location", "retry-after")));

        var authentication = services.AddAuthentication(EitherScheme)
            .AddPolicyScheme(EitherScheme, null, either => either.ForwardDefaultSelector = context =>
                options.Oidc is not null && PresentedSecret.Find(context.Request) is { } secret && !KeySecret.IsKey(secret)
                    ? TokenScheme.Name
                    : KeyScheme.Name)
            .AddScheme<AuthenticationSchemeOptions, KeyScheme>(KeyScheme.Name, null);
        if (options.Oidc is { } oidc)
            authentication.AddTokens(oidc);

        services.AddSingleton<IAuthorizationHandler, RouteRole>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessAnswers>();
        services.AddAuthorization(authorization =>
            authorization.DefaultPolicy = authorization.FallbackPolicy = RouteRole.Policy);
    }

    public static void UseAccess(this WebApplication app)
    {
        var http = app.Services.GetRequiredService<SiloOptions>().Http;
        if (http.KnownProxies.Count > 0)
            app.UseForwardedHeaders(ForwardedBy(http.KnownProxies));
        app.Use(LimitedConnection.RenewAsync);
        app.Use(RequestLimits.RefuseTwoLengthsAsync);
        app.Use(app.Services.GetRequiredService<OriginGuard>().InvokeAsync);
        app.UseRouting();
        app.UseCors(OriginGuard.CorsPolicy);
        app.UseWebSockets();
        app.UseAuthentication();
        app.Use(app.Services.GetRequiredService<RequestLimiter>().InvokeAsync);
        app.UseAuthorization();
        app.Use(QueryMembers.RefuseUnknownAsync);
        app.Use(app.Services.GetRequiredService<OpenSockets>().InvokeAsync);
    }

    private static ForwardedHeadersOptions ForwardedBy(IEnumerable<System.Net.IPNetwork> proxies)
    {
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
            forwarded.KnownIPNetworks.Add(proxy);
        return forwarded;
    }

    private static void Listen(IWebHostBuilder web, SiloOptions options)
    {
        web.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.Limit();
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1); // WebSockets are routed as GET.
            if (options.Http.Tls is not null)
                kestrel.ConfigureHttpsDefaults(https => Configure(https, kestrel.ApplicationServices));
            var limits = LimitsOf(kestrel);
            foreach (var url in options.Http.Urls)
                kestrel.Listen(url, limits);
            if (options is { Broker: { } endpoint, Cluster: not { Role: SiloRole.Silo } })
                kestrel.ListenForDevices(endpoint, LimitsOf(kestrel)); // Its own: a flood at one port takes nothing from the other.
        });

        ConnectionLimits LimitsOf(KestrelServerOptions kestrel) => new(options.Http, kestrel.ApplicationServices.GetRequiredService<TimeProvider>());
    }

    private static void Configure(HttpsConnectionAdapterOptions https, IServiceProvider services)
    {
        var certificate = services.GetRequiredService<HttpsCertificate>();
        https.HandshakeTimeout = DeviceListener.HandshakeWithin;
        https.Show(() => certificate.Current);
        if (services.GetService<DeviceAdmission>() is { } devices)
            https.AskForDevice(devices, ClientCertificateMode.AllowCertificate);
    }

    private static void Listen(this KestrelServerOptions kestrel, Uri url, ConnectionLimits limits)
    {
        if (url.Host == "localhost")
            kestrel.ListenLocalhost(url.Port, Configure);
        else
            kestrel.Listen(IPAddress.Parse(url.DnsSafeHost), url.Port, Configure);

        void Configure(ListenOptions listen)
        {
            listen.Use(limits.LimitAsync);
            if (url.Scheme == Uri.UriSchemeHttps)
                listen.UseHttps();
        }
    }
}
