using System.Text;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Access;

public sealed class SecretTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task No_key_or_token_is_in_any_log_answer_or_file()
    {
        await using var provider = await TokenProvider.StartAsync();
        await using var silo = await RunningSilo.StartAsync(
            broker, options => options with { Oidc = new(provider.Authority, TokenProvider.Audience) });
        var (admin, badToken) = (provider.Token("admin"), provider.Token("admin", strangersKey: true));
        silo.UseKey(admin);
        var key = await silo.MakeKeyAsync("boss", "admin");
        silo.UseKey(null);
        var answers = new StringBuilder();
        string[] secrets = [.. admin.Split('.'), .. badToken.Split('.'), key.Split('_', 3)[2], "guessed-secret"];
        foreach (var text in new[] { admin, badToken, key, "armada_000000000000_guessed-secret", "guessed-secret", $"{key}~" })
        {
            foreach (var (name, value) in new[]
            {
                ("Authorization", $"Bearer {text}"), ("Authorization", $"Basic {text}"), ("X-Api-Key", text), ("Sec-WebSocket-Protocol", $"armada.v1, armada.key.{text}"),
            })
            {
                foreach (var path in new[] { "/api/v1/robots", "/api/v1/keys", "/api/v1/audit", "/api/v1/keys/none", "/api/v1/robots?limit=x", "/nowhere", "/openapi/v1.json" })
                    answers.AppendLine(await AskAsync(silo, path, name, value));
            }
        }

        silo.UseKey(admin);
        await silo.SendAsync(HttpMethod.Delete, $"/api/v1/keys/{RunningSilo.IdOf(key)}");
        await silo.StopAsync();
        var files = Directory.GetFiles(silo.Data, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith("silo.lock", StringComparison.Ordinal));
        var written = string.Concat(files.Select(File.ReadAllText));
        var logged = string.Join('\n', silo.Logs.Entries.Select(entry => $"{entry.Message} {entry.Exception}"));

        foreach (var secret in secrets.Except([admin.Split('.')[0]]).Where(secret => secret.Length > 0))
        {
            Assert.DoesNotContain(secret, answers.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, written, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, logged, StringComparison.Ordinal);
        }

        await silo.StartAsync();
    }

    private static async Task<string> AskAsync(RunningSilo silo, string path, string name, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(name, value);
        using var response = await silo.Http.SendAsync(request);
        return $"{response}{await response.Content.ReadAsStringAsync()}";
    }
}
