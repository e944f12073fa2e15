using Armada.Testing;

namespace Armada.Bench.Rows;

/// <summary>The most frames a second of which none is lost, found by halving; the load is the same process for both routers.</summary>
internal static class GreatestRate
{
    private const int Arms = 100;
    private const double Lowest = 5_000;
    private const double Highest = 120_000;
    private const double Step = 0.04;

    public static async Task<Row> MeasureAsync(int rounds, TimeSpan round)
    {
        await using var relay = await Bout.OfRelayAsync(Arms);
        await using var silo = await Bout.OfSiloAsync(Arms);
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

    /// <summary>The highest rate one router holds.</summary>
    public static async Task<double> SearchAsync(Bout bout, TimeSpan round)
    {
        double low = Lowest, high = Highest;
        while (high / low > 1 + Step)
        {
            var rate = Math.Sqrt(low * high);
            if (await HoldsAsync(bout, rate, round) || await HoldsAsync(bout, rate, round))
                low = rate;
            else
                high = rate;
        }

        return low;
    }

    // What an overload left behind, in the broker's queues or as slaves that fell silent, must not be counted in the next run.
    private static async Task<bool> HoldsAsync(Bout bout, double rate, TimeSpan round)
    {
        await bout.Load.DrainAsync();
        await Eventually.Holds(
            "the router has recovered", () => bout.Load.Run(20, TimeSpan.FromSeconds(0.5)).Lossless, TimeSpan.FromSeconds(30));
        return bout.Load.Run(rate / Arms, round).KeepsUp(rate, round);
    }
}
