using Armada.Testing;

namespace Armada.Bench.Rows;

/// <summary>The most frames per second without a loss, found by bisection; both routers have the same load process.</summary>
internal static class HighestRate
{
    private const int Arms = 100;
    private const double Lowest = 5_000;
    private const double Highest = 120_000;
    private const double Step = 0.04;

    public static async Task<Row> MeasureAsync(int rounds, TimeSpan round)
    {
        await using var relay = await RouterUnderLoad.OfRelayAsync(Arms);
        await using var silo = await RouterUnderLoad.OfSiloAsync(Arms);
        var pairs = new List<(double Silo, double Relay)>();
        for (var i = 0; i < rounds; i++)
            pairs.Add((await SearchAsync(silo, round), await SearchAsync(relay, round)));
        return new Row(
            $"most frames a second, none lost, {Arms} arms",
            $"{Rounds.Median(pairs.Select(pair => pair.Silo)):0}",
            $"{Rounds.Median(pairs.Select(pair => pair.Relay)):0}",
            $"{Rounds.Median(pairs.Select(pair => pair.Silo / pair.Relay)):0.00}",
            "≥ 0.80");
    }

    /// <summary>The highest rate that one router sustains.</summary>
    public static async Task<double> SearchAsync(RouterUnderLoad router, TimeSpan round)
    {
        double low = Lowest, high = Highest;
        while (high / low > 1 + Step)
        {
            var rate = Math.Sqrt(low * high);
            if (await HoldsAsync(router, rate, round) || await HoldsAsync(router, rate, round))
                low = rate;
            else
                high = rate;
        }

        return low;
    }

    // An overload leaves full broker queues and lagging slaves behind, which must not count in the next run.
    private static async Task<bool> HoldsAsync(RouterUnderLoad router, double rate, TimeSpan round)
    {
        await router.Load.DrainAsync();
        await Eventually.Holds(
            "the router has recovered", () => router.Load.Run(20, TimeSpan.FromSeconds(0.5)).Lossless, TimeSpan.FromSeconds(30));
        return router.Load.Run(rate / Arms, round).KeepsUp(rate, round);
    }
}
