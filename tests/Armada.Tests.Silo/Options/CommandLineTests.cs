using Armada.Silo.Options;
using Armada.Testing;

namespace Armada.Tests.Silo.Options;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--urls", "http://0.0.0.0:5080")]
    [InlineData("--urls", "http://192.168.1.2:5080")]
    [InlineData("--urls", "http://*:5080")]
    [InlineData("--urls", "http://arm.example:5080")]
    [InlineData("--urls", "https://127.0.0.1:5080")]
    [InlineData("--urls", "127.0.0.1:5080")]
    [InlineData("--urls", ";")]
    [InlineData("--urls", "http://127.0.0.1:5080;http://[::]:5080")]
    [InlineData("--urls", "https://0.0.0.0:5080")]
    [InlineData("--urls", "ftp://127.0.0.1:5080")]
    [InlineData("--urls", "http://key@127.0.0.1:5080")]
    [InlineData("--urls", "http://127.0.0.1:5080/path")]
    [InlineData("--tls-cert", "/no/such/file.pem")]
    [InlineData("--oidc-audience", "armada")]
    [InlineData("--allow-origin", "panel.example")]
    [InlineData("--allow-origin", "https://panel.example/")]
    [InlineData("--known-proxy", "proxy.example")]
    [InlineData("--known-proxy", "10.0.0.0/33")]
    [InlineData("--known-proxy", "0.0.0.0/0")]
    [InlineData("--max-requests", "0")]
    [InlineData("--max-sockets", "many")]
    [InlineData("--mqtt", "broker")]
    [InlineData("--mqtt", ":1883")]
    [InlineData("--mqtt", "broker:0")]
    [InlineData("--mqtt", "broker:65536")]
    [InlineData("--mqtt", "::1:1883")]
    [InlineData("--mqtt-ca", "/no/such/file.pem")]
    [InlineData("--topic-root", "a/#")]
    [InlineData("--dialect-root", "a//b")]
    [InlineData("--dialect-root", "armada/v1")]
    [InlineData("--remote-keys", "/no/such/file.json")]
    [InlineData("--client-id", "no spaces")]
    [InlineData("--room-units", "radians")]
    [InlineData("--broker", "0")]
    [InlineData("--broker", "65536")]
    [InlineData("--broker", "here")]
    [InlineData("--broker", "pi.local:8883")]
    [InlineData("--broker-host", "pi.local")]
    [InlineData("--broker-plain", "1883")]
    [InlineData("--no-such-option", "1")]
    public async Task A_bad_option_is_one_line_that_names_it_and_exit_code_2(string option, string value)
    {
        var errors = new StringWriter();

        var exit = await new SiloCommandLine().RunAsync([option, value], (_, _) => throw new InvalidOperationException("it ran"), TextWriter.Null, errors);

        Assert.Equal(2, exit);
        var line = Assert.Single(errors.ToString().TrimEnd().Split('\n'));
        Assert.Contains(option, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_certificate_needs_its_key_and_an_authority()
    {
        using var folder = new TempFolder();
        var file = folder.Write("some.pem", "");

        foreach (var args in new string[][] { ["--mqtt-cert", file, "--mqtt-key", file], ["--mqtt-ca", file, "--mqtt-cert", file] })
        {
            var errors = new StringWriter();
            Assert.Equal(2, await new SiloCommandLine().RunAsync(args, (_, _) => throw new InvalidOperationException("it ran"), TextWriter.Null, errors));
            Assert.Contains("--mqtt-cert", errors.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--broker-host", "--broker-host", "not a host")]
    [InlineData("--broker-plain", "--broker-plain", "0")]
    [InlineData("--broker-plain", "--broker-plain", "8883")]
    [InlineData("--mqtt", "--mqtt", "127.0.0.1:1883")]
    [InlineData("--authority", "--cluster", "plant")]
    [InlineData("--authority", "--authority", "/no/such/folder")]
    public async Task What_does_not_go_with_a_broker_of_the_silos_own_is_one_line_and_exit_code_2(string named, string option, string value)
    {
        var errors = new StringWriter();

        var exit = await new SiloCommandLine().RunAsync(
            ["--broker", "127.0.0.1:8883", option, value, .. option == "--cluster" ? ["--redis", "127.0.0.1:6379"] : Array.Empty<string>()], (_, _) => throw new InvalidOperationException("it ran"), TextWriter.Null, errors);

        Assert.Equal(2, exit);
        Assert.Contains(named, Assert.Single(errors.ToString().TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--cluster", "--redis")]
    [InlineData("--redis", "--cluster")]
    [InlineData("--role", "--cluster")]
    public async Task A_cluster_and_its_store_are_named_together(string given, string missing)
    {
        var errors = new StringWriter();

        var exit = await new SiloCommandLine().RunAsync([given, "plant"], (_, _) => throw new InvalidOperationException("it ran"), TextWriter.Null, errors);

        Assert.Equal(2, exit);
        Assert.Contains($"{given} needs {missing}", Assert.Single(errors.ToString().TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--role 'boss' must be silo, gateway or both", "--role", "boss")]
    [InlineData("--role 'both,silo' must be silo, gateway or both", "--role", "both,silo")]
    [InlineData("--gateway-port '30000'", "--role", "gateway", "--gateway-port", "30000")]
    [InlineData("--silo-endpoint '127.0.0.1:11111'", "--role", "gateway", "--silo-endpoint", "127.0.0.1:11111")]
    [InlineData("--role 'silo' needs --authority", "--role", "silo")]
    [InlineData("--broker '127.0.0.1:8883' is for devices", "--role", "silo", "--broker", "127.0.0.1:8883")]
    public async Task A_role_that_cannot_be_is_refused(string expected, params string[] args)
    {
        var errors = new StringWriter();

        var exit = await new SiloCommandLine().RunAsync(
            ["--cluster", "plant", "--redis", "127.0.0.1:6379", .. args], (_, _) => throw new InvalidOperationException("it ran"), TextWriter.Null, errors);

        Assert.Equal(2, exit);
        Assert.Contains(expected, errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("silo", SiloRole.Silo)]
    [InlineData("gateway", SiloRole.Gateway)]
    [InlineData(null, SiloRole.Both)]
    public async Task A_role_reaches_the_silo(string? role, SiloRole expected)
    {
        SiloOptions? seen = null;
        using var authority = new TempFolder();

        await new SiloCommandLine().RunAsync(
            ["--cluster", "plant", "--redis", "127.0.0.1:6379", "--authority", authority.Path, .. role is null ? [] : new[] { "--role", role }],
            (options, _) => Task.FromResult(seen = options), TextWriter.Null, TextWriter.Null);

        Assert.Equal(expected, seen!.Cluster!.Role);
    }

    [Theory]
    [InlineData("8883", null, 8883)]
    [InlineData("0.0.0.0:9883", null, 9883)]
    [InlineData("127.0.0.1:9883", "127.0.0.1", 9883)]
    [InlineData("[::1]:9883", "::1", 9883)]
    public async Task A_broker_of_the_silos_own_listens_where_it_is_told(string text, string? address, int port)
    {
        SiloOptions? seen = null;

        await new SiloCommandLine().RunAsync(
            ["--broker", text, "--broker-host", "pi.local", "192.0.2.1", "--broker-plain", "1883"],
            (options, _) => Task.FromResult(seen = options), TextWriter.Null, TextWriter.Null);

        var broker = seen!.Broker!;
        Assert.Equal((address, port, 1883), (broker.Address?.ToString(), broker.Port, broker.PlainPort));
        Assert.Equal(["pi.local", "192.0.2.1"], broker.Hosts);
    }

    [Fact]
    public async Task Good_options_reach_the_silo()
    {
        SiloOptions? seen = null;
        string[] args =
        [
            "--urls", "http://127.0.0.1:7000;http://[::1]:7001;http://localhost:7002", "--data", "/var/lib/armada", "--mqtt", "[::1]:2883",
            "--topic-root", "armada/test", "--client-id", "silo-2",
        ];

        var exit = await new SiloCommandLine().RunAsync(
            args,
            (options, _) =>
            {
                seen = options;
                return Task.CompletedTask;
            },
            TextWriter.Null,
            TextWriter.Null);

        Assert.Equal(0, exit);
        Assert.Equal([7000, 7001, 7002], seen!.Http.Urls.Select(url => url.Port));
        Assert.Equal("/var/lib/armada", seen.DataDirectory);
        Assert.Equal(("[::1]:2883", "silo-2"), (seen.Link.Hosts[0], seen.Link.ClientId));
        Assert.Equal("armada/test", seen.Topics.Root);
    }

    [Fact]
    public async Task Without_options_the_defaults_hold()
    {
        SiloOptions? seen = null;

        await new SiloCommandLine().RunAsync([], (options, _) => Task.FromResult(seen = options), TextWriter.Null, TextWriter.Null);

        Assert.Equal(new Uri(HttpOptions.DefaultUrl), Assert.Single(seen!.Http.Urls));
        Assert.Equal(("127.0.0.1:1883", "armada-silo"), (seen.Link.Hosts[0], seen.Link.ClientId));
        Assert.Null(seen.Link.Tls);
    }
}
