using Armada.Testing;

namespace Armada.Bench.Rows;

/// <summary>The most frames per second without a loss, found by bisection; both routers have the same load process.</summary>
internal static class HighestRate
{
    private const int Arms = 100;
    private const double Lowest = 2_000;
    private const double Highest = 150_000;
    private const double Step = 0.04;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    public static async Task<Row> MeasureAsync(int rounds, bool tls)
    {
        var pairs = new List<(double Silo, double Relay)>();
        await using var relay = await RouterUnderLoad.OfRelayAsync(Arms, tls);
        await using var silo = await RouterUnderLoad.OfSiloAsync(Arms, tls);
        for (var i = 0; i < rounds; i++)
            pairs.Add((await SearchAsync(silo), await SearchAsync(relay)));
        return new Row(
            $"most frames a second, none lost, {Arms} arms, {(tls ? "TLS" : "no TLS")}",
            $"{Rounds.Median(pairs.Select(pair => pair.Silo)):0}",
            $"{Rounds.Median(pairs.Select(pair => pair.Relay)):0}",
            $"{Rounds.Median(pairs.Select(pair => pair.Silo / pair.Relay)):0.00}",
            "≥ 2.5");
    }

    private static async Task<double> SearchAsync(RouterUnderLoad router)
    {
        double low = Lowest, high = Highest;
        while (high / low > 1 + Step)
        {
            var rate = Math.Sqrt(low * high);
            if (await HoldsAsync(router, rate) || await HoldsAsync(router, rate))
                low = rate;
            else
                high = rate;
        }

        return low;
    }

    // An overload leaves full queues and lagging slaves behind, which must not count in the next run.
    private static async Task<bool> HoldsAsync(RouterUnderLoad router, double rate)
    {
        await router.Load.DrainAsync();
        await Eventually.Holds(
            "the router has recovered", () => router.Load.Run(20, TimeSpan.FromSeconds(0.5)).Lossless, TimeSpan.FromSeconds(30));
        return router.Load.Run(rate / Arms, Round).KeepsUp(rate, Round);
    }
}
