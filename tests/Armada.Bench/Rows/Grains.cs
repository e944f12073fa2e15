namespace Armada.Bench.Rows;

/// <summary>Robots as grains on one silo and on two against the in-process engine, in turn under the same load.</summary>
internal static class Grains
{
    private const int Arms = 100;
    private const double Hz = 100;

    public static async Task<IReadOnlyList<Row>> MeasureAsync(int rounds, TimeSpan round)
    {
        var rows = new List<Row>();
        foreach (var silos in (int[])[1, 2])
            rows.AddRange(await MeasureAsync(silos, rounds, round));
        rows.Add(await Allocation.MeasureAsync(rounds, round, asGrains: true));
        return rows;
    }

    private static async Task<IReadOnlyList<Row>> MeasureAsync(int silos, int rounds, TimeSpan round)
    {
        await using var grains = await Bout.OfGrainsAsync(Arms, silos);
        await using var engine = await Bout.OfSiloAsync(Arms);
        grains.Load.Run(Hz, round);
        engine.Load.Run(Hz, round);
        var pairs = new List<(Load.Measurement Grains, Load.Measurement Engine)>();
        for (var i = 0; i < rounds; i++)
            pairs.Add((grains.Load.Run(Hz, round), engine.Load.Run(Hz, round)));
        var rates = (Grains: await GreatestRate.SearchAsync(grains, round), Engine: await GreatestRate.SearchAsync(engine, round));
        var where = silos == 1 ? "grains on one silo" : $"grains on {silos} silos";
        return
        [
            Of($"{where}, {Arms} arms × {Hz} Hz, p50", pairs, m => m.P50),
            Of($"{where}, {Arms} arms × {Hz} Hz, p99", pairs, m => m.P99),
            new(
                $"{where}, most frames a second, none lost, {Arms} arms",
                $"{rates.Grains:0}", $"{rates.Engine:0}", $"{rates.Grains / rates.Engine:0.00}", "≥ 0.50"),
        ];
    }

    private static Row Of(
        string what, List<(Load.Measurement Grains, Load.Measurement Engine)> pairs, Func<Load.Measurement, double> figure) => new(
            what,
            $"{Rounds.Median(pairs.Select(pair => figure(pair.Grains))):0} µs",
            $"{Rounds.Median(pairs.Select(pair => figure(pair.Engine))):0} µs",
            $"{Rounds.Median(pairs.Select(pair => figure(pair.Grains) / figure(pair.Engine))):0.00}",
            "≤ 1.5");
}
