namespace Armada.Bench.Rows;

/// <summary>Leader publish to command delivered, both routers in turn under the same load.</summary>
internal static class RoutedLatency
{
    private const double Hz = 100;

    public static async Task<IReadOnlyList<Row>> MeasureAsync(int arms, int rounds, TimeSpan round)
    {
        await using var relay = await RouterUnderLoad.OfRelayAsync(arms);
        await using var silo = await RouterUnderLoad.OfSiloAsync(arms);
        // Both warm: the first round of either is thrown away.
        relay.Load.Run(Hz, round);
        silo.Load.Run(Hz, round);
        var pairs = new List<(Load.Measurement Silo, Load.Measurement Relay)>();
        for (var i = 0; i < rounds; i++)
            pairs.Add((silo.Load.Run(Hz, round), relay.Load.Run(Hz, round)));
        return
        [
            Of($"routed latency, {arms} arms × 100 Hz, p50", pairs, m => m.P50),
            Of($"routed latency, {arms} arms × 100 Hz, p99", pairs, m => m.P99),
        ];
    }

    private static Row Of(string what, List<(Load.Measurement Silo, Load.Measurement Relay)> pairs, Func<Load.Measurement, double> figure) => new(
        what,
        $"{Rounds.Median(pairs.Select(pair => figure(pair.Silo))):0} µs",
        $"{Rounds.Median(pairs.Select(pair => figure(pair.Relay))):0} µs",
        $"{Rounds.Median(pairs.Select(pair => figure(pair.Silo) / figure(pair.Relay))):0.00}",
        "≤ 1.25");
}
