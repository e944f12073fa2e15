using System.Diagnostics;
using Armada.Core.Devices;
using Armada.Core.Routing;
using Armada.Silo.Access;
using Armada.Silo.Telemetry;
using Armada.Testing;

namespace Armada.Bench.Soak;

/// <summary>Hours of use in minutes: clients and devices come and go, and the heap must not grow.</summary>
internal static class SoakProgram
{
    private const int Seed = 2025;

    private static readonly TimeSpan Act = TimeSpan.FromSeconds(15);

    /// <summary>Runs it and compares the growth of the heap with the bound.</summary>
    /// <param name="minutes">How long.</param>
    /// <param name="robots">How many robots; at least 4.</param>
    /// <param name="bound">Highest growth of the heap that counts as flat, percent of its mean per hour.</param>
    /// <param name="cancellation">ends it early, without a result.</param>
    /// <returns>0 where memory is flat and nothing failed, else 1.</returns>
    public static async Task<int> RunAsync(double minutes, int robots, double bound, CancellationToken cancellation)
    {
        Console.WriteLine($"""
            Soak: {robots} robots for {minutes} minutes on {Environment.ProcessorCount} cores, .NET {Environment.Version}, silo and load in one process.
            Every {Act.TotalSeconds:0} s all clients disconnect at once, and the heap is read after a full collection, with the robots and devices still there.
            Each line is the last of a minute. Seed {Seed}.

            | min | heap MB | working set MB | threads | handles | sockets | frames routed | dropped | commands | devices back | came and went |
            |---|---|---|---|---|---|---|---|---|---|---|
            """);
        await using var setup = await SoakSetup.StartAsync(robots);
        await using var devices = await DeviceFleet.StartAsync(setup.Port, setup.Devices);
        var counts = new ActivityCounts();
        var all = new List<ProcessSample>();
        var watch = Stopwatch.StartNew();
        var line = TimeSpan.FromMinutes(1);
        while (watch.Elapsed < TimeSpan.FromMinutes(minutes))
        {
            await PlayActAsync(setup, devices, counts, all.Count, cancellation);
            all.Add(ProcessSample.Take(watch.Elapsed));
            if (watch.Elapsed < line)
                continue;
            line += TimeSpan.FromMinutes(1);
            Console.WriteLine(Line(all[^1], setup.Part<SiloTelemetry>(), devices, counts));
        }

        return Judge(setup, all, bound);
    }

    private static async Task PlayActAsync(SoakSetup setup, DeviceFleet devices, ActivityCounts counts, int act, CancellationToken cancellation)
    {
        await using (var actors = new SoakActors(setup, counts, Seed + act))
            await Task.WhenAny(actors.Failed, devices.Running, Task.Delay(Act, cancellation));
        cancellation.ThrowIfCancellationRequested();
        var sockets = setup.Part<OpenSockets>();
        await Eventually.Holds(() => $"the silo sees that all clients have disconnected; {sockets.Count} sockets are open", () => sockets.Count == 0);
    }

    private static string Line(ProcessSample now, SiloTelemetry telemetry, DeviceFleet devices, ActivityCounts counts) =>
        $"| {now.At.TotalMinutes:0.0} | {now.HeapBytes / 1e6:0.00} | {now.WorkingSetBytes / 1e6:0} | {now.Threads} | {now.Handles} | {now.Sockets} "
        + $"| {telemetry.Frames(DeviceRole.Master, FrameResult.Accepted)} | {telemetry.Drops().Sum(drop => drop.Value)} | {devices.Commands} | {devices.Returns} "
        + $"| {counts} |";

    private static int Judge(SoakSetup setup, List<ProcessSample> all, double bound)
    {
        var growth = Trend.Of(all);
        var isFlat = !growth.IsAbove(bound);
        var isSure = growth.PercentPerHour + growth.Error <= bound;
        Console.WriteLine(
            $"\n{all.Count} acts; heap over the second half grows {growth.PercentPerHour:0} ± {growth.Error:0} % of its mean an hour; the bound is {bound} %; "
            + $"memory {(!isFlat ? "NOT flat" : isSure ? "flat" : "flat as far as so short a run can tell")}; {setup.Errors} errors logged{(setup.FirstError is { } first ? $", the first: {first}" : "")}");
        return isFlat && setup.Errors == 0 ? 0 : 1;
    }
}
