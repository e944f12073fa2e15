using System.Text.RegularExpressions;
using Armada.Testing;
using Armada.Testing.Processes;

namespace Armada.Tests.EndToEnd;

/// <summary>The commands that README shows, run one by one beside <c>infra/up</c>.</summary>
public sealed partial class ReadmeTests
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Every_curl_command_answers_what_the_readme_promises()
    {
        using var temporary = new TempFolder();
        await using var job = RunningProcess.Start(
            "dotnet", [ArmadaProgram.PathOf("Armada.Up"), "--http-port", "0"], new Dictionary<string, string> { ["TMPDIR"] = temporary.Path });
        await job.PrintsAsync("frames/s", StartTimeout);
        var address = SiloAddress().Match(await job.PrintsAsync("^silo ")).Groups["address"].Value;

        var commands = CurlCommands().ToList();
        Assert.True(commands.Count >= 10, $"README has only {commands.Count} curl commands");
        foreach (var (command, promised) in commands)
        {
            var body = temporary.File("body");
            await using var curl = RunningProcess.Start(
                "bash", "-c", $"{command.Replace("localhost:5080", address, StringComparison.Ordinal)} --silent --show-error --output {body} --write-out '%{{http_code}}'");
            Assert.True(await curl.ExitsAsync(StartTimeout) == 0, $"{command}\n{curl.Output}");
            var status = curl.Output.Trim();
            Assert.True(Regex.IsMatch(status, $"^{promised}$"), $"{command}\nanswered {status} where README promises {promised}:\n{await File.ReadAllTextAsync(body)}");
        }
    }

    /// <summary>Each command without its comment, and the status it promises: the number its comment begins with, else success.</summary>
    private static IEnumerable<(string Command, string Promised)> CurlCommands()
    {
        var readme = File.ReadAllText(Path.Combine(RepositoryRoot(), "README.md"));
        foreach (Match block in ShellBlock().Matches(readme))
        {
            foreach (var line in block.Groups["text"].Value.Split('\n').Where(line => line.StartsWith("curl ", StringComparison.Ordinal)))
            {
                var parts = CommandAndComment().Match(line);
                yield return (parts.Groups["command"].Value, parts.Groups["status"] is { Success: true } status ? status.Value : "2..");
            }
        }
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("no Orleans.sln above the test assembly");
        return folder.FullName;
    }

    [GeneratedRegex("^```sh\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex(@"^(?<command>.*?)(\s+#\s+((?<status>\d{3})\b)?.*)?$")]
    private static partial Regex CommandAndComment();

    [GeneratedRegex("^silo +http://(?<address>[^/]+)/")]
    private static partial Regex SiloAddress();
}
