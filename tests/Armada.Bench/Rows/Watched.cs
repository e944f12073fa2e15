using Armada.Bench.Load;

namespace Armada.Bench.Rows;

/// <summary>What watching costs the routing: the same silo under the same load with nobody watching and with many.</summary>
internal static class Watched
{
    private const double Hz = 100;
    private const int Count = 50;

    public static async Task<IReadOnlyList<Row>> MeasureAsync(int arms, int rounds, TimeSpan round)
    {
        await using var silo = await RouterUnderLoad.OfSiloAsync(arms, tls: true);
        silo.Load.Run(Hz, round);
        var pairs = new List<(Measurement Watched, Measurement Alone)>();
        var megabytes = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            var alone = silo.Load.Run(Hz, round);
            await using var subscribers = await PanelSubscribers.OpenAsync(silo.Address, Count);
            pairs.Add((silo.Load.Run(Hz, round), alone));
            megabytes.Add(subscribers.Bytes / round.TotalSeconds / 1e6);
        }

        var what = $"{arms} arms × 100 Hz, {Count} subscribers ({Rounds.Median(megabytes):0} MB/s) against none";
        return
        [
            Of($"routed latency p50, {what}", pairs, m => m.P50, "µs"),
            Of($"routed latency p99, {what}", pairs, m => m.P99, "µs"),
            Of($"frames routed, {what}", pairs, m => 100.0 * m.Received / m.Sent, "%"),
        ];
    }

    private static Row Of(string what, List<(Measurement Watched, Measurement Alone)> pairs, Func<Measurement, double> figure, string unit) => new(
        what,
        $"{Rounds.Median(pairs.Select(pair => figure(pair.Watched))):0.#} {unit}",
        $"{Rounds.Median(pairs.Select(pair => figure(pair.Alone))):0.#} {unit}",
        $"{Rounds.Median(pairs.Select(pair => figure(pair.Watched) / figure(pair.Alone))):0.00}",
        "-");
}
