using Armada.Bench.Load;

namespace Armada.Bench.Rows;

/// <summary>Leader publish to command delivered, the silo and a yardstick in turn under the same load.</summary>
internal static class RoutedLatency
{
    /// <summary>What is asked of the ratios; null for a figure that is only reported.</summary>
    internal sealed record Aims(double? P50 = null, double? P99 = null, double? P999 = null, double? Cost = null);

    /// <summary>Against the bare relay over the same transport.</summary>
    public static async Task<IReadOnlyList<Row>> AgainstRelayAsync(int arms, double hz, bool tls, Pace pace, Aims aims)
    {
        await using var relay = await RouterUnderLoad.OfRelayAsync(arms, tls);
        await using var silo = await RouterUnderLoad.OfSiloAsync(arms, tls);
        var pairs = await PairsAsync(silo, relay, hz, pace);
        var what = $"{arms} arms × {hz:0} Hz, {(tls ? "TLS" : "no TLS")}";
        return
        [
            Of($"latency p50, {what}", "µs", pairs, turn => turn.Figures.P50, aims.P50),
            Of($"latency p99, {what}", "µs", pairs, turn => turn.Figures.P99, aims.P99),
            Of($"latency p99.9, {what}", "µs", pairs, turn => turn.Figures.P999, aims.P999),
            Of($"frames lost in all rounds, {what}", "", pairs, turn => turn.Figures.Sent - turn.Figures.Received, null, Enumerable.Sum),
            Of($"processor time for 100,000 frames, {what}", "s", pairs, turn => turn.Seconds * 100_000 / turn.Figures.Sent, aims.Cost),
        ];
    }

    /// <summary>Against two socket hops and nothing else.</summary>
    public static async Task<Row> AgainstFloorAsync(int arms, double hz, Pace pace)
    {
        await using var floor = await RouterUnderLoad.OfFloorAsync(arms);
        await using var silo = await RouterUnderLoad.OfSiloAsync(arms, tls: false);
        return Of($"latency p50, {arms} arms × {hz:0} Hz, no TLS, against the floor", "µs", await PairsAsync(silo, floor, hz, pace), turn => turn.Figures.P50, 1.5);
    }

    private static async Task<List<(Turn Silo, Turn Yardstick)>> PairsAsync(RouterUnderLoad silo, RouterUnderLoad yardstick, double hz, Pace pace)
    {
        var pairs = new List<(Turn Silo, Turn Yardstick)>();
        for (var round = 0; round < pace.Rounds; round++)
            pairs.Add((await TakeAsync(silo, hz, pace), await TakeAsync(yardstick, hz, pace)));
        return pairs;
    }

    // Leases have expired while the other one was measured; they are acquired again while it warms up.
    private static async Task<Turn> TakeAsync(RouterUnderLoad router, double hz, Pace pace)
    {
        router.Load.Run(hz, pace.Warming);
        await router.Load.DrainAsync();
        var before = router.ProcessorTime;
        var figures = router.Load.Run(hz, pace.Round);
        return new Turn(figures, (router.ProcessorTime - before).TotalSeconds);
    }

    private static Row Of(
        string what,
        string unit,
        List<(Turn Silo, Turn Yardstick)> pairs,
        Func<Turn, double> figure,
        double? aim,
        Func<IEnumerable<double>, double>? over = null)
    {
        over ??= Rounds.Median;
        var ratios = pairs.Select(pair => figure(pair.Silo) / figure(pair.Yardstick)).ToArray();
        return new Row(
            what,
            $"{over(pairs.Select(pair => figure(pair.Silo))):0.##} {unit}",
            $"{over(pairs.Select(pair => figure(pair.Yardstick))):0.##} {unit}",
            over == Rounds.Median ? $"{Rounds.Median(ratios):0.00} ({ratios.Min():0.00}–{ratios.Max():0.00})" : "-",
            aim is { } most ? $"≤ {most:0.0#}" : "-");
    }

    private sealed record Turn(Measurement Figures, double Seconds);
}
