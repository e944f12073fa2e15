using Armada.Silo.Options;
using Armada.Testing.Network;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Access;

public sealed class TokenTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task A_good_token_opens_what_its_highest_role_may_open()
    {
        await using var provider = await TokenProvider.StartAsync();
        await using var silo = await StartAsync(provider);

        foreach (var (roles, read, stop, keys) in new (object Roles, int Read, int Stop, int Keys)[]
        {
            ("viewer", 200, 403, 403),
            ("operator", 200, 200, 403),
            ("admin", 200, 200, 200),
            (new[] { "viewer", "something-else", "operator" }, 200, 200, 403),
        })
        {
            silo.UseKey(provider.Token(roles));
            Assert.Equal(read, (await silo.AskAsync(HttpMethod.Get, "/api/v1/robots")).Status);
            Assert.Equal(stop, (await silo.AskAsync(HttpMethod.Post, "/api/v1/fleet/stop")).Status);
            Assert.Equal(keys, (await silo.AskAsync(HttpMethod.Get, "/api/v1/keys")).Status);
        }
    }

    [Fact]
    public async Task A_token_that_is_not_good_opens_nothing()
    {
        await using var provider = await TokenProvider.StartAsync();
        await using var silo = await StartAsync(provider);
        var good = provider.Token("admin");
        var bad = new Dictionary<string, string>
        {
            ["expired"] = provider.Token("admin", lifetime: TimeSpan.FromMinutes(-2)),
            ["for another audience"] = provider.Token("admin", audience: "another"),
            ["of another issuer"] = provider.Token("admin", issuer: "https://elsewhere.example"),
            ["signed with another key"] = provider.Token("admin", strangersKey: true),
            ["not signed"] = provider.Token("admin", unsigned: true),
            ["cut"] = good[..^10],
            ["of parts of two"] = string.Join('.', [.. provider.Token("admin").Split('.')[..2], provider.Token("viewer").Split('.')[2]]),
            ["no token"] = "x",
            ["empty"] = "",
        };

        foreach (var (what, token) in bad)
        {
            var answer = await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("Authorization", $"Bearer {token}"));
            Assert.True(answer == (401, "unauthorized"), $"a token that is {what}: {answer}");
        }

        silo.UseKey(good);
        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Admin")]
    [InlineData("root")]
    public async Task A_token_without_a_role_of_ours_is_known_and_may_do_nothing(string? role)
    {
        await using var provider = await TokenProvider.StartAsync();
        await using var silo = await StartAsync(provider);

        silo.UseKey(provider.Token(role));

        Assert.Equal((403, "forbidden"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
        Assert.Equal((403, "forbidden"), await silo.AskAsync(HttpMethod.Post, "/api/v1/fleet/stop"));
    }

    [Fact]
    public async Task The_claim_with_the_roles_can_be_another()
    {
        await using var provider = await TokenProvider.StartAsync();
        await using var silo = await StartAsync(provider, oidc => oidc with { RoleClaim = "groups" });

        silo.UseKey(provider.Token("viewer", claim: "groups"));
        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
        silo.UseKey(provider.Token("viewer"));
        Assert.Equal((403, "forbidden"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
    }

    [Fact]
    public async Task Keys_work_beside_tokens_and_nobody_comes_in_without_either()
    {
        await using var provider = await TokenProvider.StartAsync();
        await using var silo = await StartAsync(provider);
        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
        silo.UseKey(provider.Token("admin"));
        var key = await silo.MakeKeyAsync("eyes", "viewer");

        silo.UseKey(key);

        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
        Assert.Equal((403, "forbidden"), await silo.AskAsync(HttpMethod.Post, "/api/v1/fleet/stop"));
    }

    [Fact]
    public async Task A_provider_out_of_reach_is_told_apart_from_a_bad_token()
    {
        await using var provider = await TokenProvider.StartAsync();
        await using var silo = await RunningSilo.StartAsync(
            broker, options => options with { Oidc = new OidcOptions(new Uri($"http://127.0.0.1:{FreePort.Next()}"), TokenProvider.Audience) });
        silo.UseKey(provider.Token("admin"));

        Assert.Equal((503, "provider-unreachable"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
    }

    [Fact]
    public async Task A_token_is_named_by_its_subject_and_can_never_pass_for_a_key()
    {
        await using var provider = await TokenProvider.StartAsync();
        await using var silo = await StartAsync(provider);
        silo.UseKey(provider.Token("admin", subject: "boss"));
        await silo.MakeKeyAsync("boss", "admin");

        var trail = await silo.GetAsync("/api/v1/audit");

        Assert.Equal("oidc:boss", trail["items"]![0]!["who"]!.GetValue<string>());
    }

    private Task<RunningSilo> StartAsync(TokenProvider provider, Func<OidcOptions, OidcOptions>? with = null)
    {
        var oidc = new OidcOptions(provider.Authority, TokenProvider.Audience);
        return RunningSilo.StartAsync(broker, options => options with { Oidc = with?.Invoke(oidc) ?? oidc });
    }
}
