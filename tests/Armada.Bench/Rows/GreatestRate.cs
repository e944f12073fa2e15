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

    private static async Task<double> SearchAsync(Bout bout, TimeSpan round)
    {
        double low = Lowest, high = Highest;
        while (high / low > 1 + Step)
        {
            var rate = Math.Sqrt(low * high);
            if (bout.Load.Run(rate / Arms, round).KeepsUp(rate, round))
                low = rate;
            else
                high = rate;
            // What an overload left in the broker's queues must not be counted in the next run.
            await bout.Load.DrainAsync();
        }

        return low;
    }
}
