using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Processes;

namespace Armada.Tests.EndToEnd;

/// <summary>What <c>infra/up</c> runs, as a user sees it.</summary>
public sealed class MainJobTests : IDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly TempFolder temporary = new();

    // A busy machine makes ticks late and lags long, and the check must then say so: whether it is ok follows from the figures it prints.
    [Fact]
    public async Task A_check_ends_with_one_line_of_json_whose_result_follows_from_its_figures()
    {
        await using var job = Start("--check", "5", "--http-port", "0");

        var code = await job.ExitsAsync(StartTimeout);

        var report = JsonNode.Parse(job.Lines.Last())!;
        Assert.True(Figure("frames_routed") > 0, job.Output);
        Assert.All(["p50", "p95", "p99"], share => Assert.True(Figure("lag_ms", share) > 0, job.Output));
        (string Member, bool IsKept)[] bounds =
        [
            ("frames_dropped", Figure("frames_dropped") == 0),
            ("lag_ms", Figure("lag_ms", "p95") <= 12),
            ("tracking_error_deg", Figure("tracking_error_deg", "p95") <= 3),
            ("late_ticks_percent", Figure("late_ticks_percent") <= 1),
        ];
        var broken = bounds.Where(bound => !bound.IsKept).Select(bound => bound.Member).ToList();
        Assert.Equal(broken, report["broken"]!.AsArray().Select(name => name!.GetValue<string>()));
        Assert.Equal(broken.Count == 0, report["ok"]!.GetValue<bool>());
        Assert.Equal(broken.Count == 0 ? 0 : 1, code);
        // Ticks in time mean that the machine was not busy; then nothing excuses a lost frame or an arm that is elsewhere.
        Assert.True(broken.Contains("late_ticks_percent") || !broken.Exists(name => name is "frames_dropped" or "tracking_error_deg"), job.Output);

        double Figure(string member, string? share = null) =>
            (share is null ? report[member] : report[member]![share])!.GetValue<double>();
    }

    [Fact]
    public async Task A_port_that_is_taken_makes_the_job_take_another_and_say_which()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        await using var job = Start("--http-port", $"{port}");

        var silo = await job.PrintsAsync("^silo ", StartTimeout);

        Assert.DoesNotContain($":{port}/", silo, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Signal.Interrupt)]
    [InlineData(Signal.Terminate)]
    [InlineData(Signal.HangUp)]
    public async Task A_signal_ends_everything_the_job_started(Signal signal)
    {
        await using var job = Start("--http-port", "0");
        await job.PrintsAsync("frames/s", StartTimeout);
        var started = Descendants(job.Id);
        Assert.True(started.Count >= 5, $"silo, two emulators and two agents, but only {started.Count} processes");

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
    public async Task A_wrong_option_or_port_is_one_line_that_names_it_and_exit_code_2(string arguments, string named)
    {
        await using var job = Start(arguments.Split(' '));

        Assert.Equal(2, await job.ExitsAsync(StartTimeout));
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
