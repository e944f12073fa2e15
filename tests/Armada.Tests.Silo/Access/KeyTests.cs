using System.Text;
using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Engine;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Access;

public sealed class KeyTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task The_first_key_ends_the_time_in_which_everyone_on_the_machine_is_let_in()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");

        var key = await silo.MakeKeyAsync("boss", "admin");

        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
        foreach (var header in new[] { ("Authorization", $"Bearer {key}"), ("Authorization", $"bearer {key}"), ("X-Api-Key", key) })
            Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, header));
        foreach (var header in new[] { ("Authorization", $"Basic {key}"), ("X-Api-Key", key[..^1]), ("X-Api-Key", key + "x"), ("X-Api-Key", "") })
            Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, header));
        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, $"/api/v1/robots?key={key}&access_token={key}"));
    }

    [Fact]
    public async Task A_silo_told_to_stay_open_does_and_still_refuses_a_bad_key()
    {
        await using var silo = await RunningSilo.StartAsync(broker, options => options with { Http = options.Http with { Open = true } });
        await silo.MakeKeyAsync("eyes", "viewer");

        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/api/v1/keys"));
        silo.UseKey("armada_000000000000_wrong");
        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
    }

    [Fact]
    public async Task A_key_is_shown_once_kept_as_a_hash_and_good_after_a_restart()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var key = await silo.MakeKeyAsync("boss", "admin", DateTimeOffset.UtcNow.AddDays(400));
        silo.UseKey(key);

        var shown = await silo.GetAsync($"/api/v1/keys/{RunningSilo.IdOf(key)}");
        Assert.Equal("boss", shown["name"]!.GetValue<string>());
        Assert.True(shown["good"]!.GetValue<bool>());
        Assert.DoesNotContain(SecretOf(key), (await silo.GetAsync("/api/v1/keys")).ToJsonString(), StringComparison.Ordinal);
        await silo.StopAsync();
        Assert.Equal(-1, (await File.ReadAllBytesAsync(silo.Database)).AsSpan().IndexOf(Encoding.UTF8.GetBytes(SecretOf(key))));
        await silo.StartAsync();
        silo.UseKey(key);
        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/api/v1/keys"));
    }

    [Fact]
    public async Task Two_keys_are_never_alike()
    {
        await using var silo = await RunningSilo.StartAsync(broker, options => options with { Http = options.Http with { Open = true } });

        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 50; i++)
        {
            var key = await silo.MakeKeyAsync($"key-{i}", "viewer");
            Assert.Equal(32, System.Buffers.Text.Base64Url.DecodeFromChars(SecretOf(key)).Length);
            Assert.True(keys.Add(SecretOf(key)) && keys.Add(RunningSilo.IdOf(key)), "a key came twice");
        }
    }

    [Fact]
    public async Task The_day_of_the_last_use_is_kept()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var key = await silo.MakeKeyAsync("boss", "admin");
        silo.UseKey(key);
        await silo.GetAsync("/api/v1/robots");

        await Eventually.Holds(
            "the day of the last use is kept",
            () => silo.GetAsync($"/api/v1/keys/{RunningSilo.IdOf(key)}").GetAwaiter().GetResult()["last_used"] is not null);
    }

    [Fact]
    public async Task A_name_is_taken_until_its_key_is_revoked()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        var first = await silo.MakeKeyAsync("eyes", "viewer");

        Assert.Equal((409, "key-exists"), await silo.AskAsync(HttpMethod.Post, "/api/v1/keys", new { name = "eyes", role = "viewer" }));
        await RevokeAsync(silo, first);
        var second = await silo.MakeKeyAsync("eyes", "viewer");

        silo.UseKey(first);
        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
        silo.UseKey(second);
        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
    }

    [Fact]
    public async Task A_revoked_key_stays_revoked_and_revoking_it_again_is_the_same()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var boss = await silo.MakeKeyAsync("boss", "admin");
        silo.UseKey(boss);
        var eyes = await silo.MakeKeyAsync("eyes", "viewer");
        await RevokeAsync(silo, eyes);
        var revoked = (await silo.GetAsync($"/api/v1/keys/{RunningSilo.IdOf(eyes)}"))["revoked"]!.GetValue<string>();

        await RevokeAsync(silo, eyes);
        await silo.StopAsync();
        await silo.StartAsync();
        silo.UseKey(boss);

        var after = await silo.GetAsync($"/api/v1/keys/{RunningSilo.IdOf(eyes)}");
        Assert.Equal(revoked, after["revoked"]!.GetValue<string>());
        Assert.False(after["good"]!.GetValue<bool>());
        Assert.Equal((404, "key-unknown"), await silo.AskAsync(HttpMethod.Delete, "/api/v1/keys/none"));
    }

    [Fact]
    public async Task The_last_admin_key_cannot_go_and_the_first_key_must_be_one()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        Assert.Equal((409, "last-admin-key"), await silo.AskAsync(HttpMethod.Post, "/api/v1/keys", new { name = "eyes", role = "viewer" }));
        var first = await silo.MakeKeyAsync("boss", "admin");
        silo.UseKey(first);
        Assert.Equal((409, "last-admin-key"), await silo.AskAsync(HttpMethod.Delete, $"/api/v1/keys/{RunningSilo.IdOf(first)}"));

        var second = await silo.MakeKeyAsync("deputy", "admin");
        await RevokeAsync(silo, first);

        silo.UseKey(second);
        Assert.Equal((409, "last-admin-key"), await silo.AskAsync(HttpMethod.Delete, $"/api/v1/keys/{RunningSilo.IdOf(second)}"));
    }

    [Fact]
    public async Task Of_two_admins_that_revoke_each_other_one_stays()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var first = await silo.MakeKeyAsync("first", "admin");
        silo.UseKey(first);
        var second = await silo.MakeKeyAsync("second", "admin");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
        {
            var (by, of) = i % 2 == 0 ? (first, second) : (second, first);
            return silo.AskAsync(HttpMethod.Delete, $"/api/v1/keys/{RunningSilo.IdOf(of)}", null, ("Authorization", $"Bearer {by}"));
        }));

        Assert.Contains(answers, answer => answer.Status == 204);
        var good = 0;
        foreach (var key in new[] { first, second })
            good += (await silo.AskAsync(HttpMethod.Get, "/api/v1/keys", null, ("Authorization", $"Bearer {key}"))).Status == 200 ? 1 : 0;
        Assert.True(good >= 1, "no admin is left");
    }

    [Fact]
    public async Task An_expired_key_opens_nothing()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));

        var brief = await silo.MakeKeyAsync("brief", "viewer", DateTimeOffset.UtcNow.AddSeconds(1.5));

        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("Authorization", $"Bearer {brief}")));
        silo.UseKey(brief);
        await Eventually.Holds("the key expires", () => silo.AskAsync(HttpMethod.Get, "/api/v1/robots").GetAwaiter().GetResult() == (401, "unauthorized"));
    }

    [Fact]
    public async Task Damaged_keys_are_set_aside_and_open_neither_themselves_nor_the_silo()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var key = await silo.MakeKeyAsync("boss", "admin");
        await silo.StopAsync();
        BrokenRecord.Damage(silo.Database, "keys");
        silo.Logs.Expect(1118);

        for (var start = 0; start < 2; start++)
        {
            await silo.StartAsync();
            Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
            Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("X-Api-Key", key)));
            if (start == 0)
                await silo.StopAsync();
        }
    }

    [Fact]
    public async Task A_revocation_the_disk_refuses_is_in_force_and_is_stored_when_asked_again()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var boss = await silo.MakeKeyAsync("boss", "admin");
        silo.UseKey(boss);
        var eyes = await silo.MakeKeyAsync("eyes", "viewer");
        using (silo.BreakStorage("keys"))
        {
            Assert.Equal((503, "not-stored"), await silo.AskAsync(HttpMethod.Delete, $"/api/v1/keys/{RunningSilo.IdOf(eyes)}"));
            Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("Authorization", $"Bearer {eyes}")));
        }

        await RevokeAsync(silo, eyes);

        await silo.StopAsync();
        await silo.StartAsync();
        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("Authorization", $"Bearer {eyes}")));
    }

    [Theory]
    [InlineData("""{"name":"a b","role":"admin"}""", "name")]
    [InlineData("""{"name":"local","role":"admin"}""", "name")]
    [InlineData("""{"name":"boss","role":"god"}""", "role")]
    [InlineData("""{"name":"boss","role":2}""", "role")]
    [InlineData("""{"name":"boss"}""", "body")]
    [InlineData("""{"name":"boss","role":"admin","expires_at":"2001-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"name":"boss","role":"admin","expires_at":"tomorrow"}""", "expires_at")]
    public async Task A_wrong_field_of_a_new_key_is_named(string body, string field)
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await silo.Http.PostAsync(new Uri("/api/v1/keys", UriKind.Relative), content);

        Assert.Equal(422, (int)response.StatusCode);
        var errors = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["errors"]!.AsObject();
        Assert.True(errors.ContainsKey(field), errors.ToJsonString());
    }

    private static Task<JsonNode?> RevokeAsync(RunningSilo silo, string key) =>
        silo.SendAsync(HttpMethod.Delete, $"/api/v1/keys/{RunningSilo.IdOf(key)}");

    private static string SecretOf(string key) => key.Split('_', 3)[2];
}
