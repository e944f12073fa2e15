using Armada.EdgeAgent.Configuration;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Processes;
using Armada.Tests.Agent.Enrollment;

namespace Armada.Tests.Agent.Program;

/// <summary><c>armada-edge enroll</c> as a person calls it.</summary>
public sealed class EnrollCommandTests : IAsyncLifetime, IDisposable
{
    private const string Token = "t0ken-for-one-device";

    private readonly TempFolder folder = new();
    private readonly TestCertificates authority;
    private EnrollmentService service = null!;

    public EnrollCommandTests() => authority = new TestCertificates(folder);

    public async Task InitializeAsync() => service = await EnrollmentService.OpenAsync(authority);

    public async Task DisposeAsync() => await service.DisposeAsync();

    public void Dispose()
    {
        authority.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("option")]
    [InlineData("environment")]
    [InlineData("input")]
    public async Task The_token_comes_from_an_option_the_environment_or_standard_input_and_is_never_printed(string from)
    {
        string[] option = from switch { "option" => ["--token", Token], "input" => ["--token", "-"], _ => [] };
        await using var program = Start(from == "environment" ? Token : null, ["--server", service.Url, "--port", "/dev/ttyACM3", .. option]);
        if (from == "input")
            await program.WriteLineAsync(Token);
        Assert.True(await program.ExitsAsync(TimeSpan.FromSeconds(20)) == 0, program.Output);

        Assert.Equal(Token, service.Requests.Single()["token"]!.GetValue<string>());
        Assert.DoesNotContain(Token, program.Output, StringComparison.Ordinal);
        var config = folder.File("arms/agent.json");
        Assert.Equal("/dev/ttyACM3", ConfigurationFile.Load(config).Devices.Single().Port);
        Assert.DoesNotContain(Directory.EnumerateFiles(folder.File("arms")), file => File.ReadAllText(file).Contains(Token, StringComparison.Ordinal));
        await using var check = RunningProcess.Start("dotnet", ArmadaEdge, "check", "--config", config);
        Assert.True(await check.ExitsAsync(TimeSpan.FromSeconds(20)) == 0, check.Output);
    }

    [Fact]
    public async Task A_silo_that_refuses_is_one_line_and_exit_code_1()
    {
        service.Instead = (403, """{"type":"urn:armada:problem:token","title":"Refused","detail":"the token was used already"}""");
        await Complains(1, "the token was used already", "--server", service.Url, "--token", Token);
    }

    [Theory]
    [InlineData("--token", "--server", "https://silo.example")]
    [InlineData("--server", "--server", "http://192.0.2.1", "--token", Token)]
    [InlineData("'--server' is required", "--token", Token)]
    [InlineData("/no/such/ca.pem", "--server", "https://localhost:1", "--token", Token, "--ca", "/no/such/ca.pem")]
    public async Task A_wrong_option_is_one_line_and_exit_code_2(string said, params string[] arguments) => await Complains(2, said, arguments);

    [Fact]
    public async Task A_folder_that_cannot_be_used_is_one_line_and_exit_code_2()
    {
        var file = folder.Write("file", "");
        await Complains(2, file, "--server", service.Url, "--token", Token, "--folder", Path.Combine(file, "arms"));
        Assert.Empty(service.Requests);
    }

    private static string ArmadaEdge => ArmadaProgram.PathOf("Armada.EdgeAgent");

    private async Task Complains(int code, string said, params string[] arguments)
    {
        await using var program = Start(null, arguments);
        Assert.Equal(code, await program.ExitsAsync(TimeSpan.FromSeconds(20)));
        var line = Assert.Single(program.Lines);
        Assert.StartsWith("armada-edge: ", line, StringComparison.Ordinal);
        Assert.Contains(said, line, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, line, StringComparison.Ordinal);
    }

    private RunningProcess Start(string? token, string[] arguments)
    {
        string[] place = arguments.Contains("--folder") ? [] : ["--folder", folder.File("arms")];
        var variables = token is null ? null : new Dictionary<string, string> { ["ARMADA_ENROLL_TOKEN"] = token };
        return RunningProcess.Start("dotnet", [ArmadaEdge, "enroll", .. place, .. arguments], variables);
    }
}
