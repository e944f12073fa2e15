using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Testing.Registry;

namespace Armada.Tests.Silo.Provisioning;

/// <summary>A silo as its users start it, with its log, traces, files and answers: no key, token or link is in any that it is not for.</summary>
public sealed class ProvisioningSecretTests
{
    [Fact]
    public async Task No_key_token_or_link_is_in_the_log_a_trace_a_file_or_another_answer()
    {
        using var folder = new TempFolder();
        await using var collector = new OtlpCollector();
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");
        await using var silo = RunningProcess.Start(
            "dotnet",
            [
                ArmadaProgram.PathOf("Armada.Silo"), "--urls", url, "--data", folder.Path,
                "--broker", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}"),
            ],
            collector.Variables);
        await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));
        using var http = new HttpClient { BaseAddress = new Uri(url) };
        var others = new StringBuilder();

        // Each secret is in one answer, where it belongs; that one is left out.
        var made = await SendAsync(http, "/api/v1/devices", new { name = "leader-1", kind = "so101-leader" });
        var link = made["bundle"]!["url"]!.GetValue<string>();
        var key = KeyOf(await http.GetByteArrayAsync(new Uri(link)));
        var token = (await SendAsync(http, "/api/v1/enrollment-tokens", new { kind = "agent" }))["token"]!.GetValue<string>();
        using var keys = new DeviceKeys();
        var secrets = new List<string>
        {
            link.Split('/')[^1], token.Split('_', 3)[2], Base64Of(keys.Pem), Base64Of(key),
            Base64Of(await File.ReadAllTextAsync(Path.Combine(folder.Path, "authority", "ca.key"))),
        };
        others.Append(await AskAsync(http, HttpMethod.Get, new Uri(link).AbsolutePath));
        others.Append(await AskAsync(http, HttpMethod.Post, "/api/v1/enrollments", new { token, name = "a b", csr = keys.Request }));
        others.Append(await AskAsync(http, HttpMethod.Post, "/api/v1/enrollments", new { token, name = "pi-1", csr = keys.Pem }));
        others.Append(await AskAsync(http, HttpMethod.Post, "/api/v1/enrollments", new { token = 7, csr = token }));
        others.Append(await AskAsync(http, HttpMethod.Post, "/api/v1/enrollments", new { token, name = "pi-1", csr = keys.Request }));
        others.Append(await AskAsync(http, HttpMethod.Post, "/api/v1/enrollments", new { token, name = "pi-2", csr = keys.Request }));
        others.Append(await AskAsync(http, HttpMethod.Post, "/api/v1/devices", new { name = "pi-3", kind = "agent", csr = keys.Pem }));
        foreach (var path in new[] { "devices", "devices/leader-1", "devices/pi-1", "enrollment-tokens", "audit", "bundles/x" })
            others.Append(await AskAsync(http, HttpMethod.Get, $"/api/v1/{path}"));
        await Eventually.Holds("the requests are traced", () => collector.Got("/v1/traces", "POST /api/v1/enrollments"));
        await silo.SendAsync(Signal.Terminate);
        Assert.Equal(0, await silo.ExitsAsync(TimeSpan.FromSeconds(20)));

        var written = string.Concat(Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".key", StringComparison.Ordinal) && !file.EndsWith("silo.lock", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        foreach (var secret in secrets)
        {
            Assert.True(secret.Length >= 40, secret);
            Assert.DoesNotContain(secret, silo.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, written, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, others.ToString(), StringComparison.Ordinal);
            Assert.False(collector.Got("/v1/traces", secret), "a secret is in a trace");
            Assert.False(collector.Got("/v1/metrics", secret), "a secret is in a metric");
            Assert.False(collector.Got("/v1/logs", secret), "a secret is in a log entry");
        }

        Assert.Contains("PRIVATE KEY", key, StringComparison.Ordinal);
        foreach (var file in Directory.GetFiles(folder.Path, "*.key", SearchOption.AllDirectories))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(file).UnixFileMode);
    }

    // One line of a key's text: it would show in any excerpt that is worth anything.
    private static string Base64Of(string pem) => pem.Split('\n')[1];

    private static string KeyOf(byte[] zip)
    {
        using var archive = new ZipArchive(new MemoryStream(zip));
        using var reader = new StreamReader(archive.GetEntry("leader-1.key")!.Open());
        return reader.ReadToEnd();
    }

    private static async Task<JsonNode> SendAsync(HttpClient http, string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body);
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    private static async Task<string> AskAsync(HttpClient http, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }
}
