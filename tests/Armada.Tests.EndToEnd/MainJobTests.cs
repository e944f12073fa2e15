using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Processes;

namespace Armada.Tests.EndToEnd;

/// <summary>What infra/up runs, as a user sees it.</summary>
public sealed class MainJobTests : IDisposable
{
    private readonly TempFolder temporary = new();

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_check_ends_with_one_line_of_json_and_says_it_is_well()
    {
        await using var job = Start("--check", "5", "--http-port", "0");

        var code = await job.ExitsAsync(Patience);

        var report = JsonNode.Parse(job.Lines.Last())!;
        Assert.True(code == 0 && report["ok"]!.GetValue<bool>(), job.Output);
        Assert.True(report["frames_routed"]!.GetValue<long>() > 0);
        Assert.Equal(0, report["frames_dropped"]!.GetValue<long>());
        Assert.NotNull(report["late_ticks_percent"]);
        Assert.All(["p50", "p95", "p99"], share => Assert.True(report["lag_ms"]![share]!.GetValue<double>() > 0));
        Assert.InRange(report["tracking_error_deg"]!["p95"]!.GetValue<double>(), 0, 3);
    }

    [Theory]
    [InlineData(Signal.Interrupt)]
    [InlineData(Signal.Terminate)]
    [InlineData(Signal.HangUp)]
    public async Task A_signal_ends_everything_the_job_started(Signal signal)
    {
        await using var job = Start("--http-port", "0");
        await job.PrintsAsync("frames/s", Patience);
        var started = Descendants(job.Id);
        Assert.True(started.Count >= 6, $"broker, silo, two emulators and two agents, but only {started.Count} processes");

        await job.SendAsync(signal);
        await job.ExitsAsync(TimeSpan.FromSeconds(20));

        Assert.All(started, process => Assert.False(Directory.Exists($"/proc/{process}"), $"process {process} is left behind"));
        Assert.Empty(Directory.GetFileSystemEntries(temporary.Path));
    }

    [Theory]
    [InlineData("--leader /dev/ttyNONE --follower /dev/ttyNONE", "/dev/ttyNONE")]
    [InlineData("--leader /dev/ttyNONE", "--leader and --follower")]
    [InlineData("--no-such-option", "--no-such-option")]
    [InlineData("--check zero", "--check")]
    [InlineData("--check 0", "--check")]
    [InlineData("--calibration /tmp", "--calibration")]
    public async Task What_cannot_be_is_one_line_that_names_it_and_exit_code_2(string arguments, string named)
    {
        await using var job = Start(arguments.Split(' '));

        Assert.Equal(2, await job.ExitsAsync(Patience));
        var line = Assert.Single(job.Lines, line => line.Length > 0);
        Assert.Contains(named, line, StringComparison.Ordinal);
    }

    public void Dispose() => temporary.Dispose();

    private RunningProcess Start(params string[] arguments) => RunningProcess.Start(
        "dotnet", [ArmadaProgram.PathOf("Armada.Up"), .. arguments], new Dictionary<string, string> { ["TMPDIR"] = temporary.Path });

    private static List<int> Descendants(int process)
    {
        var children = Directory.GetDirectories("/proc")
            .Select(Path.GetFileName)
            .Where(name => int.TryParse(name, out _))
            .Select(name => int.Parse(name!, System.Globalization.CultureInfo.InvariantCulture))
            .Where(id => ParentOf(id) == process)
            .ToList();
        return [.. children, .. children.SelectMany(Descendants)];
    }

    // The second field after the name in parentheses, which may hold blanks.
    private static int ParentOf(int process)
    {
        try
        {
            var fields = File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
            return int.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
