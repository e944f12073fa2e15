using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Options;

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
    public async Task A_port_of_the_broker_in_use_is_one_line_and_exit_code_2()
    {
        using var folder = new TempFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        await using var silo = SiloProcess.Start("--broker", $"{taken.LocalEndpoint}", "--data", folder.Path, "--urls", FreeUrl());

        await RefusesAsync(silo, "Address already in use");
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
        Assert.Equal(2, File.ReadLines(Directory.GetFiles(Path.Combine(folder.Path, "audit")).Single()).Count());
    }

    [Fact]
    public async Task A_key_command_beside_a_running_silo_is_told_where_to_go()
    {
        using var folder = new TempFolder();
        await using var silo = SiloProcess.Start("--data", folder.Path, "--urls", FreeUrl(), "--mqtt", Unreachable());
        await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));

        await using var command = SiloProcess.Start("key", "add", "--name", "boss", "--role", "admin", "--data", folder.Path);

        Assert.Equal(2, await command.ExitsAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("/api/v1/keys", Assert.Single(command.Lines), StringComparison.Ordinal);
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
