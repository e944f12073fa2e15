using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Armada.Tests.Silo.Support;

/// <summary>An OpenID Connect provider as far as a resource server sees it: discovery, keys, and tokens signed with them.</summary>
internal sealed class TokenProvider : IAsyncDisposable
{
    public const string Audience = "armada";

    private readonly RSA key = RSA.Create(2048);
    private readonly RSA strangerKey = RSA.Create(2048);
    private readonly WebApplication server;

    private TokenProvider(WebApplication server) => this.server = server;

    public Uri Authority => new(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<TokenProvider> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var server = builder.Build();
        var provider = new TokenProvider(server);
        server.MapGet("/.well-known/openid-configuration", (RequestDelegate)(context => context.Response.WriteAsync(provider.Discovery())));
        server.MapGet("/keys", (RequestDelegate)(context => context.Response.WriteAsync(provider.Keys())));
        await server.StartAsync();
        return provider;
    }

    /// <summary>A token; each part can be made wrong.</summary>
    public string Token(
        object? roles,
        string subject = "ann",
        string audience = Audience,
        string? issuer = null,
        TimeSpan? lifetime = null,
        bool strangersKey = false,
        bool unsigned = false,
        string claim = "roles")
    {
        var now = DateTime.UtcNow;
        var until = now + (lifetime ?? TimeSpan.FromMinutes(5));
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Authority.GetLeftPart(UriPartial.Authority),
            Audience = audience,
            IssuedAt = until.AddMinutes(-10),
            NotBefore = until.AddMinutes(-10),
            Expires = until,
            Claims = roles is null
                ? new Dictionary<string, object> { ["sub"] = subject }
                : new Dictionary<string, object> { ["sub"] = subject, [claim] = roles },
            SigningCredentials = unsigned ? null : new SigningCredentials(
                new RsaSecurityKey(strangersKey ? strangerKey : key) { KeyId = "1" }, SecurityAlgorithms.RsaSha256),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        key.Dispose();
        strangerKey.Dispose();
    }

    private string Discovery() => JsonSerializer.Serialize(new
    {
        issuer = Authority.GetLeftPart(UriPartial.Authority),
        jwks_uri = new Uri(Authority, "/keys"),
    });

    private string Keys()
    {
        var numbers = key.ExportParameters(includePrivateParameters: false);
        return JsonSerializer.Serialize(new
        {
            keys = new[]
            {
                new { kty = "RSA", use = "sig", alg = "RS256", kid = "1", n = Base64UrlEncoder.Encode(numbers.Modulus), e = Base64UrlEncoder.Encode(numbers.Exponent) },
            },
        });
    }
}
