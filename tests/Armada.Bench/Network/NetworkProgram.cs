using System.Diagnostics;
using System.Globalization;
using Armada.Core.Routing;

namespace Armada.Bench.Network;

/// <summary>What to run.</summary>
/// <param name="Profile">Its name; null for all.</param>
/// <param name="Seeds">How many runs a profile, from <paramref name="Seed"/> on.</param>
/// <param name="Paths">Connections of each device.</param>
/// <param name="Playout">The follower's setting; null for the default.</param>
/// <param name="IsShort">A sixth of the path, for a first look.</param>
/// <param name="Slack">Factor on each target.</param>
/// <param name="Keep">Folder for what the runs recorded; null for none.</param>
/// <param name="From">Folder of recorded runs that are judged instead of new ones.</param>
/// <param name="Plots">Folder for pictures, which are made instead of the table.</param>
internal sealed record NetworkOptions(
    string? Profile, int Seed, int Seeds, int Paths, string? Playout, bool IsShort, double Slack, string? Keep, string? From, string? Plots);

/// <summary>Silo and agents over links with the delays, losses and stalls of real networks: how late, far off and rough a follower is.</summary>
internal static class NetworkProgram
{
    /// <summary>The exit code where there can be no links.</summary>
    public const int CannotRun = 3;

    private const string Inside = "BENCH_INSIDE_NAMESPACE";

    private const string Method = """
        How each figure is taken
        - Silo and agents are processes, the arms are emulated on pseudo-terminals. Each agent has a network namespace of its own and reaches the silo
          over a pair of TUN devices, between which a thread gives each packet its delay, loses it, or holds it for the length of a stall. So each hop
          has the profile's round trip, and what a loss costs is up to the kernel's own TCP.
        - The leader is a function of time: five joints in sines with peaks of 30, 60 and 90 °/s, then minimum-jerk moves with pauses. The follower is
          judged by the goals that are written on its bus.
        - Lag: which moment of the leader's motion the goals are nearest to. Error: degrees that the worst joint is off the leader delayed by the best
          constant lag. Still: share of the time in which the leader moves at over 15 °/s that passes in stretches of over 35 ms without another goal;
          stops are those over 100 ms. Peak speed (exceeded for a thousandth of the time), acceleration and jerk (root mean squares): multiples of the
          leader's as sampled at 100 Hz and 0.088°, both smoothed with 16 ms.
        - The law alone: the follower's playout run offline on the arrivals of the same runs, without buses and processes.
        - In brackets is the most that is allowed. Medians over the seeds.

        """;

    /// <returns>0 where every target is met, 1 where one is not, <see cref="CannotRun"/> where there can be no links.</returns>
    public static async Task<int> RunAsync(NetworkOptions options, CancellationToken cancellation)
    {
        if (options.From is null && Interfaces.Problem() is { } problem)
        {
            await Console.Error.WriteLineAsync($"tests/bench network {problem}");
            return CannotRun;
        }

        if (options.From is null && Environment.GetEnvironmentVariable(Inside) is null)
            return await RunInsideAsync();
        if (options.Plots is { } plots)
            return await NetworkPlots.DrawAsync(plots, options, cancellation);
        var profiles = NetworkProfile.All.Where(profile => options.Profile is null || profile.Name == options.Profile).ToList();
        if (profiles.Count == 0)
            throw new ArgumentException($"there is no profile '{options.Profile}'; there are {string.Join(", ", NetworkProfile.All.Select(profile => profile.Name))}");
        Console.WriteLine(Method);
        Console.WriteLine(
            $"{DateTime.UtcNow:yyyy-MM-dd}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, {options.Paths} connection(s) a device, "
            + $"playout {options.Playout ?? "by default"}, seeds {options.Seed} to {options.Seed + options.Seeds - 1}{(options.IsShort ? ", short" : "")}\n");
        var mode = options.Playout is { } setting ? Enum.Parse<PlayoutMode>(setting, ignoreCase: true) : PlayoutMode.Quick;
        var rows = new List<string>();
        var isMet = true;
        foreach (var profile in profiles)
        {
            var traces = new List<NetworkTrace>();
            for (var seed = options.Seed; seed < options.Seed + options.Seeds; seed++)
                traces.Add(await TraceAsync(new NetworkRun(profile, seed, options.IsShort, options.Paths, options.Playout), options, cancellation));
            var targets = options.Paths == 1 ? profile.One : profile.Two;
            var product = NetworkFigures.Median([.. traces.Select(NetworkFigures.Of)]);
            rows.Add(Row(profile.Name, product, targets, options.Slack));
            rows.Add(Row("- the law alone", NetworkFigures.Median([.. traces.Select(trace => OfflineLaw.Judge(trace, mode))]), targets, options.Slack));
            isMet &= !product.Over(targets, options.Slack).Any();
        }

        Console.WriteLine("\n| profile | lag p50 | p95 | p99 | err99 ° | still % | stops | peak × | acc × | jerk × | holds | not met |\n|---|---|---|---|---|---|---|---|---|---|---|---|");
        rows.ForEach(Console.WriteLine);
        return isMet ? 0 : 1;
    }

    // Where the links' interfaces are is gone with this process, and they touch nobody else's.
    private static async Task<int> RunInsideAsync()
    {
        var start = new ProcessStartInfo("unshare", ["--net", "--", Environment.ProcessPath!, .. Environment.GetCommandLineArgs()]);
        start.Environment[Inside] = "1";
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    private static async Task<NetworkTrace> TraceAsync(NetworkRun run, NetworkOptions options, CancellationToken cancellation)
    {
        if (options.From is { } recorded)
            return NetworkTrace.Load(Path.Combine(recorded, NetworkTrace.NameOf(run.Profile.Name, run.Seed, run.Paths)));
        await using var fleet = await NetworkFleet.StartAsync(run);
        var trace = await fleet.LeadAsync(null, cancellation);
        Console.WriteLine($"{run.Profile.Name} {run.Seed}: {trace.Goals.Count} goals, {trace.Arrivals.Count} commands, {trace.Losses.Count} packets lost, {trace.Holds} holds");
        if (options.Keep is { } folder)
            trace.Save(Directory.CreateDirectory(folder).FullName);
        return trace;
    }

    private static string Row(string name, NetworkFigures figures, NetworkTargets targets, double slack)
    {
        var over = figures.Over(targets, slack).ToList();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {figures.LagP50:0} (≤ {targets.LagP50}) | {figures.LagP95:0} | {figures.LagP99:0} (≤ {targets.LagP99}) | {figures.Error99:0.0} (≤ {targets.Error99}) "
            + $"| {figures.Still:0.00} (≤ {targets.Still}) | {figures.Stops:0} | {figures.Peak:0.00} | {figures.Acceleration:0.00} (≤ {targets.Acceleration}) "
            + $"| {figures.Jerk:0.0} (≤ {targets.Jerk}) | {figures.Holds:0} | {(over.Count == 0 ? "" : string.Join(", ", over))} |");
    }
}
