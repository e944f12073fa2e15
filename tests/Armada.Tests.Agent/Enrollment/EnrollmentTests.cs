using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Enrollment;
using Armada.Emulators.Arms;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.Enrollment;

/// <summary>Enrollment against a real HTTP server that signs with an authority of the test.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed partial class EnrollmentTests : IAsyncLifetime, IDisposable
{
    private const string Token = "t0ken-for-one-device";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TempFolder folder = new();
    private readonly TestCertificates authority;
    private readonly StringWriter said = new();
    private EnrollmentService service = null!;

    public EnrollmentTests() => authority = new TestCertificates(folder);

    private string Home => folder.File("arms");

    private string Config => Path.Combine(Home, "agent.json");

    public async Task InitializeAsync() => service = await EnrollmentService.OpenAsync(authority);

    public async Task DisposeAsync() => await service.DisposeAsync();

    public void Dispose()
    {
        authority.Dispose();
        folder.Dispose();
        said.Dispose();
    }

    [Fact]
    public async Task A_token_becomes_key_certificate_and_configuration_which_openssl_and_the_agent_take()
    {
        await EnrollAsync(name: "bench-leader", port: "/dev/ttyACM7");

        foreach (var file in new[] { "ca.pem", "bench-leader.pem", "bench-leader.key" })
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(Home, file)));
        Assert.Contains("OK", await OpenSsl("verify", "-CAfile", "ca.pem", "-purpose", "sslclient", "bench-leader.pem"), StringComparison.Ordinal);
        var keyOfCertificate = await OpenSsl("x509", "-in", "bench-leader.pem", "-pubkey", "-noout");
        Assert.Equal(keyOfCertificate, await OpenSsl("pkey", "-in", "bench-leader.key", "-pubout"));
        var request = folder.Write("request.pem", service.Requests.Single()["csr"]!.GetValue<string>());
        Assert.Contains("CN = bench-leader", await OpenSsl("req", "-in", request, "-noout", "-subject", "-verify"), StringComparison.Ordinal);

        var configuration = ConfigurationFile.Load(Config);
        Assert.Equal(new DeviceSettings("bench-leader", "so101-leader", "/dev/ttyACM7"), configuration.Devices.Single());
        Assert.Equal(("broker.example", 8883), (configuration.Broker!.Hosts[0], configuration.Broker.Port));
        Assert.Equal(Path.Combine(Home, "{device}.key"), configuration.Broker.Tls!.Key);
        Assert.Contains("armada-edge run --config", said.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Home, "*.new"));
    }

    [Fact]
    public async Task Of_a_signer_that_is_not_the_brokers_and_puts_no_name_in_the_configuration_says_so()
    {
        using var cloud = new TestCertificates(folder, "cloud-ca");
        service.Spoil = answer =>
        {
            answer["broker"]!["signs_devices"] = false;
            answer["certificate"] = cloud.ForRequest(service.Requests.Last()["csr"]!.GetValue<string>(), "AWS IoT Certificate");
        };

        await EnrollAsync(name: "bench-leader", port: "/dev/ttyACM7");

        Assert.True(ConfigurationFile.Load(Config).Broker!.Tls!.OtherSigner);
    }

    [Fact]
    public async Task What_it_leaves_is_ready_to_run_against_a_broker_with_TLS()
    {
        await using var broker = await Mosquitto.StartTlsAsync();
        await using var itsDesk = await EnrollmentService.OpenAsync(broker.Certificates!);
        itsDesk.Broker = (broker.Host, broker.Port);
        using var logs = new FailOnLoggedErrors();
        using var arm = TestArm.Leader(new StillHand());
        await EnrollAsync(url: itsDesk.Url, port: arm.Port);
        await using var agent = await TestAgent.StartAsync(logs, ConfigurationFile.Load(Config));
        await Eventually.Holds(() => $"the broker sees bench-leader; it said:\n{broker.Log}", () => broker.Log.Contains("u'bench-leader'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_name_the_device_gets_the_tokens_own()
    {
        service.Name = "named-by-the-admin";
        await EnrollAsync(port: "/dev/ttyACM0");
        Assert.Equal(["agent.json", "ca.pem", "named-by-the-admin.key", "named-by-the-admin.pem"], Files());
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(Home, "named-by-the-admin.key")));
        Assert.Null(service.Requests.Single()["name"]);
        Assert.Equal("named-by-the-admin", ConfigurationFile.Load(Config).Devices.Single().Name);
    }

    [Theory]
    [InlineData("bench-leader")]
    [InlineData(null)]
    public async Task A_call_whose_answer_was_lost_is_repeated_with_the_same_key(string? name)
    {
        service.Instead = (500, "");
        await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync(name, port: "/dev/ttyACM0"));
        service.Instead = null;
        await EnrollAsync(name, port: "/dev/ttyACM0");

        Assert.Equal(2, service.Requests.Count);
        Assert.Single(service.Requests.Select(KeyOf).Distinct());
        Assert.Equal(["agent.json", "bench-leader.key", "bench-leader.pem", "ca.pem"], Files());
    }

    [Fact]
    public async Task A_nameless_key_of_one_token_is_not_used_for_another()
    {
        service.Instead = (500, "");
        await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync(token: "one"));
        await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync(token: "two"));
        Assert.Equal(2, service.Requests.Select(KeyOf).Distinct().Count());
    }

    [Fact]
    public async Task An_agent_itself_gets_files_and_no_configuration()
    {
        service.Kind = "agent";
        await EnrollAsync(name: "pi-1");
        Assert.Equal(["ca.pem", "pi-1.key", "pi-1.pem"], Files());
    }

    [Fact]
    public async Task Over_https_the_server_is_checked_against_the_named_authority()
    {
        await using var secret = await EnrollmentService.OpenAsync(authority, tls: true);
        var untrusted = await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync(url: secret.Url));
        Assert.Contains("--ca", untrusted.Message, StringComparison.Ordinal);
        Assert.Empty(secret.Requests);
        await EnrollAsync(url: secret.Url, port: "/dev/ttyACM0", ca: authority.CaFile);
        Assert.True(File.Exists(Config), "it left no configuration");
    }

    [Fact]
    public async Task A_clock_before_the_servers_certificate_is_named_as_the_cause()
    {
        using var later = new TestCertificates(folder, "later-ca", DateTimeOffset.UtcNow.AddDays(1));
        await using var secret = await EnrollmentService.OpenAsync(later, tls: true);
        var fault = await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync(url: secret.Url, ca: later.CaFile));
        Assert.Contains("the clock is wrong, set it", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("--ca", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_that_is_not_there_is_named_and_the_key_kept()
    {
        await service.DisposeAsync();
        var url = $"http://127.0.0.1:{Armada.Testing.Network.FreePort.Next()}";
        var fault = await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync(name: "bench-leader", url: url));
        Assert.Contains(url, fault.Message, StringComparison.Ordinal);
        Assert.Contains("repeat", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["bench-leader.key"], Files());
        service = await EnrollmentService.OpenAsync(authority);
    }

    private Task EnrollAsync(
        string? name = null, string? port = null, string? url = null, string? ca = null, string token = Token, string? config = null, params string[] ports)
    {
        var options = EnrollmentOptions.Of(url ?? service.Url, token, insecure: false, name, Home, port, ca, config);
        return new DeviceEnrollment(options, TimeProvider.System, () => ports, said).RunAsync(CancellationToken.None);
    }

    private string[] Files() => [.. Directory.EnumerateFiles(Home).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static string KeyOf(System.Text.Json.Nodes.JsonNode asked) => Convert.ToHexString(
        CertificateRequest.LoadSigningRequestPem(asked["csr"]!.GetValue<string>(), HashAlgorithmName.SHA256).PublicKey.ExportSubjectPublicKeyInfo());

    private async Task<string> OpenSsl(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { WorkingDirectory = Home, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"openssl {string.Join(' ', arguments)}: {output}{await error}");
        return output;
    }
}
