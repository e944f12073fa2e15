using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Options;

[UnsupportedOSPlatform("windows")]
public sealed class ProcessTests
{
    [Fact]
    public async Task An_address_in_use_is_one_line_and_exit_code_2()
    {
        using var folder = new TempFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        await ExpectRefusalAsync("--urls", "--data", folder.Path, "--urls", $"http://{taken.LocalEndpoint}");
    }

    [Fact]
    public async Task A_port_of_the_device_endpoint_in_use_is_one_line_and_exit_code_2()
    {
        using var folder = new TempFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        await using var silo = SiloProcess.Start("--broker", $"{taken.LocalEndpoint}", "--data", folder.Path, "--urls", FreeUrl());

        await RefusesAsync(silo, $"--broker cannot be listened on: Failed to bind to address https://{taken.LocalEndpoint}");
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_one_line_and_exit_code_2() =>
        await ExpectRefusalAsync("--data", "--data", "/proc/no-such-folder", "--urls", FreeUrl());

    [Fact]
    public async Task A_damaged_authority_is_one_line_and_exit_code_2()
    {
        using var folder = new TempFolder();
        var junk = folder.Write("ca.pem", "junk");

        await ExpectRefusalAsync("ca.pem", "--data", folder.Path, "--urls", FreeUrl(), "--mqtt-ca", junk);
    }

    [Fact]
    public async Task Nobody_but_this_machine_reaches_a_silo_that_cannot_tell_callers_apart()
    {
        using var folder = new TempFolder();
        var everywhere = string.Create(CultureInfo.InvariantCulture, $"http://0.0.0.0:{FreePort.Next()}");

        await ExpectRefusalAsync("--insecure-http", "--data", folder.Path, "--urls", everywhere);
        await ExpectRefusalAsync("key add", "--data", folder.Path, "--urls", everywhere, "--insecure-http");
        await RunKeyAsync(folder, "add", "--name", "eyes", "--role", "viewer");
        await ExpectRefusalAsync("key add", "--data", folder.Path, "--urls", everywhere, "--insecure-http");
        await ExpectRefusalAsync("--open", "--data", folder.Path, "--urls", everywhere, "--insecure-http", "--open");

        var key = await RunKeyAsync(folder, "add", "--name", "boss", "--role", "admin");
        await using var silo = SiloProcess.Start("--data", folder.Path, "--urls", everywhere, "--insecure-http", "--mqtt", Unreachable());
        await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));
        using var http = new HttpClient { BaseAddress = new Uri(everywhere.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri("/api/v1/robots", UriKind.Relative))).StatusCode);
        http.DefaultRequestHeaders.Add("X-Api-Key", key);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/api/v1/robots", UriKind.Relative))).StatusCode);
        Assert.DoesNotContain(key.Split('_', 3)[2], silo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_made_listed_and_revoked_while_no_silo_runs()
    {
        using var folder = new TempFolder();
        var key = await RunKeyAsync(folder, "add", "--name", "boss", "--role", "admin", "--expires", "2999-12-31");
        var id = key.Split('_')[1];
        Assert.Matches($"^{id}  admin +boss  until 2999-12-31", await RunKeyAsync(folder, "list"));
        Assert.DoesNotContain(key.Split('_', 3)[2], await RunKeyAsync(folder, "list"), StringComparison.Ordinal);

        Assert.Empty(await RunKeyAsync(folder, "revoke", id));

        Assert.Matches($"^{id}  admin +boss  revoked ", await RunKeyAsync(folder, "list"));
        var url = FreeUrl();
        await using var silo = SiloProcess.Start("--data", folder.Path, "--urls", url, "--mqtt", Unreachable(), "--open");
        await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));
        using var http = new HttpClient();
        var trail = JsonNode.Parse(await http.GetStringAsync(new Uri($"{url}/api/v1/audit")))!["items"]!.AsArray();
        Assert.Equal(
            ["command line admin key-revoked", "command line admin key-made"],
            trail.Select(record => $"{record!["who"]} {record["role"]} {record["what"]}"));
    }

    [Fact]
    public async Task A_key_command_beside_a_running_silo_counts_there_within_seconds()
    {
        using var folder = new TempFolder();
        var url = FreeUrl();
        await using var silo = SiloProcess.Start("--data", folder.Path, "--urls", url, "--mqtt", Unreachable());
        await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));

        var key = await RunKeyAsync(folder, "add", "--name", "boss", "--role", "admin");
        await Eventually.HoldsAsync("the silo knows the key", async () => await StatusAsync(url, key) == HttpStatusCode.OK);

        await RunKeyAsync(folder, "revoke", key.Split('_')[1]);
        await Eventually.HoldsAsync("the silo knows that it is revoked", async () => await StatusAsync(url, key) == HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("--name", "key", "add", "--name", "a b", "--role", "admin")]
    [InlineData("--role", "key", "add", "--name", "boss", "--role", "7")]
    [InlineData("--role", "key", "add", "--name", "boss")]
    [InlineData("--expires", "key", "add", "--name", "boss", "--role", "admin", "--expires", "2001-01-01")]
    [InlineData("no key 'none'", "key", "revoke", "none")]
    [InlineData("command", "key")]
    public async Task A_wrong_key_command_is_one_line_and_exit_code_2(string named, params string[] args)
    {
        using var folder = new TempFolder();
        await using var command = SiloProcess.Start([.. args, "--data", folder.Path]);

        Assert.Equal(2, await command.ExitsAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(named, Assert.Single(command.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Https_is_served_with_the_certificate_it_is_given()
    {
        using var folder = new TempFolder();
        using var certificates = new TestCertificates(folder);
        var (certificate, key) = certificates.Server();
        var url = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{FreePort.Next()}");
        await using var silo = SiloProcess.Start(
            "--data", folder.Path, "--urls", url, "--tls-cert", certificate, "--tls-key", key, "--mqtt", Unreachable());
        await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));

        using var authority = X509CertificateLoader.LoadCertificateFromFile(certificates.CaFile);
        using var handler = new SocketsHttpHandler
        {
            SslOptions =
            {
                CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { authority } },
            },
        };
        using var http = new HttpClient(handler);
        Assert.True((await http.GetAsync(new Uri($"{url}/healthz"))).IsSuccessStatusCode);
    }

    [Fact]
    public async Task A_damaged_certificate_is_one_line_and_exit_code_2()
    {
        using var folder = new TempFolder();
        var junk = folder.Write("junk.pem", "junk");

        await ExpectRefusalAsync(
            "--tls-cert", "--data", folder.Path, "--urls", FreeUrl().Replace("http:", "https:", StringComparison.Ordinal), "--tls-cert", junk, "--tls-key", junk);
    }

    [Theory]
    [InlineData(Signal.Interrupt)]
    [InlineData(Signal.Terminate)]
    public async Task A_signal_ends_it_in_order_although_the_broker_is_out_of_reach(Signal signal)
    {
        using var folder = new TempFolder();
        await using var silo = SiloProcess.Start("--data", folder.Path, "--urls", FreeUrl(), "--mqtt", Unreachable());
        await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));

        await silo.SendAsync(signal);

        Assert.Equal(0, await silo.ExitsAsync());
        Assert.DoesNotContain("fail:", silo.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Signal.Terminate, 0)]
    [InlineData(Signal.Terminate, 1)]
    [InlineData(Signal.Terminate, 2)]
    [InlineData(Signal.Terminate, 3)]
    [InlineData(Signal.Interrupt, 2)]
    public async Task A_signal_while_it_starts_ends_it_in_order(Signal signal, int moment)
    {
        using var folder = new TempFolder();
        var data = Path.Combine(folder.Path, "data");
        await using var silo = SiloProcess.Start("--data", data, "--urls", FreeUrl(), "--mqtt", Unreachable());
        await Eventually.Holds(() => $"the start is at moment {moment}; it printed:\n{silo.Output}", () => silo.HasExited || moment switch
        {
            0 => IsHandling(silo.Id, signal),
            1 => Directory.Exists(data),
            2 => silo.Lines.Count > 0,
            _ => silo.Lines.Any(line => line.Contains("listening", StringComparison.Ordinal)),
        }, TimeSpan.FromSeconds(30));

        await silo.SendAsync(signal);

        Assert.True(await silo.ExitsAsync() == 0, silo.Output);
        Assert.DoesNotContain("Unhandled", silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", silo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_has_the_date_a_level_from_the_environment_and_a_JSON_form()
    {
        using var folder = new TempFolder();
        await using (var silo = SiloProcess.Start("--data", folder.Path, "--urls", FreeUrl(), "--mqtt", Unreachable()))
        {
            var line = await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));
            Assert.Matches("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}[+-]\\d\\d:\\d\\d info: ", line);
        }

        await using var json = SiloProcess.Start(
            ["--data", folder.Path, "--urls", FreeUrl(), "--mqtt", Unreachable(), "--log", "json"],
            new Dictionary<string, string> { ["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Debug" });
        var text = await json.PrintsAsync("Hosting environment", TimeSpan.FromSeconds(30));
        var entry = JsonNode.Parse(text)!;
        Assert.Equal("Information", entry["LogLevel"]!.GetValue<string>());
        Assert.True(DateTimeOffset.TryParse(entry["Timestamp"]!.GetValue<string>(), CultureInfo.InvariantCulture, out var at) && DateTimeOffset.UtcNow - at < TimeSpan.FromMinutes(1));
        Assert.All(json.Lines, line => Assert.NotNull(JsonNode.Parse(line)));
    }

    [Fact]
    public async Task The_environment_says_where_it_listens_under_the_same_rules_as_the_command_line()
    {
        using var folder = new TempFolder();
        var url = FreeUrl();
        await using (var silo = SiloProcess.Start(
            ["--data", folder.Path, "--mqtt", Unreachable()], new Dictionary<string, string> { ["ASPNETCORE_URLS"] = url }))
        {
            await silo.PrintsAsync($"listening on: {url}", TimeSpan.FromSeconds(30));
        }

        await using var everywhere = SiloProcess.Start(
            ["--data", folder.Path, "--mqtt", Unreachable()],
            new Dictionary<string, string> { ["ASPNETCORE_URLS"] = url.Replace("127.0.0.1", "0.0.0.0", StringComparison.Ordinal), ["ARMADA_INSECURE_HTTP"] = "true" });
        await RefusesAsync(everywhere, "ASPNETCORE_URLS");
    }

    [Fact]
    public async Task The_first_admin_key_comes_from_a_file_and_a_later_one_does_not_replace_it()
    {
        using var folder = new TempFolder();
        var everywhere = string.Create(CultureInfo.InvariantCulture, $"http://0.0.0.0:{FreePort.Next()}");
        var url = everywhere.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal);
        var keys = new[] { "armada_0123456789ab_0123456789abcdef0123456789abcdef", "armada_ba9876543210_0123456789abcdef0123456789abcdef" };
        foreach (var key in keys)
        {
            var file = folder.Write("key", key);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await using var silo = SiloProcess.Start(
                ["--data", Path.Combine(folder.Path, "data"), "--urls", everywhere, "--insecure-http", "--mqtt", Unreachable()],
                new Dictionary<string, string> { ["ARMADA_ADMIN_KEY_FILE"] = file });
            await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));
            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Unauthorized], await Task.WhenAll(keys.Select(given => StatusAsync(url, given))));
            Assert.DoesNotContain(key.Split('_')[2], silo.Output, StringComparison.Ordinal);
            await silo.SendAsync(Signal.Terminate);
            await silo.ExitsAsync();
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(string url, string key)
    {
        using var http = new HttpClient { DefaultRequestHeaders = { { "X-Api-Key", key } } };
        return (await http.GetAsync(new Uri($"{url}/api/v1/keys"))).StatusCode;
    }

    // Before its own handler is there, no program can end in order; SigCgt is the mask of the signals that a process handles (proc(5)).
    private static bool IsHandling(int process, Signal signal)
    {
        try
        {
            var mask = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("SigCgt:", StringComparison.Ordinal)).Split('\t')[1];
            return File.ReadAllText($"/proc/{process}/comm").Trim() != "setsid" && ((Convert.ToUInt64(mask, 16) >> ((int)signal - 1)) & 1) != 0
                && File.ReadAllText($"/proc/{process}/maps").Contains("System.CommandLine", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task ExpectRefusalAsync(string named, params string[] args)
    {
        await using var silo = SiloProcess.Start([.. args, "--mqtt", Unreachable()]);
        await RefusesAsync(silo, named);
    }

    private static async Task RefusesAsync(RunningProcess silo, string named)
    {
        Assert.Equal(2, await silo.ExitsAsync(TimeSpan.FromSeconds(30)));
        var refusal = Assert.Single(silo.Lines, line => !line.Contains("info:", StringComparison.Ordinal));
        Assert.StartsWith("armada-silo: ", refusal, StringComparison.Ordinal);
        Assert.Contains(named, refusal, StringComparison.Ordinal);
    }

    private static async Task<string> RunKeyAsync(TempFolder folder, params string[] args)
    {
        await using var command = SiloProcess.Start(["key", .. args, "--data", folder.Path]);
        Assert.True(await command.ExitsAsync(TimeSpan.FromSeconds(30)) == 0, command.Output);
        return command.Output.TrimEnd();
    }

    private static string FreeUrl() => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");

    private static string Unreachable() => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");
}
