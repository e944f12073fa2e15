namespace Armada.Bench.Rows;

/// <summary>The bare relay on MQTTnet against the bare relay on libmosquitto, in turn under the same load.</summary>
internal static class LinkAdapters
{
    private const int Arms = 100;
    private const double Hz = 100;

    public static async Task<IReadOnlyList<Row>> MeasureAsync(int rounds, TimeSpan round)
    {
        await using var ours = await Bout.OfRelayAsync(Arms, Composition.MqttNet);
        await using var yardstick = await Bout.OfRelayAsync(Arms);
        var pairs = new List<(Load.Measurement Ours, Load.Measurement Yardstick)>();
        for (var i = 0; i < rounds; i++)
            pairs.Add((ours.Load.Run(Hz, round), yardstick.Load.Run(Hz, round)));
        var rates = (Ours: await GreatestRate.SearchAsync(ours, round), Yardstick: await GreatestRate.SearchAsync(yardstick, round));
        return
        [
            Of("p50", pairs, m => m.P50),
            Of("p99", pairs, m => m.P99),
            new(
                $"relay on MQTTnet, most frames a second, none lost, {Arms} arms",
                $"{rates.Ours:0}", $"{rates.Yardstick:0}", $"{rates.Ours / rates.Yardstick:0.00}", "≥ 0.80"),
        ];
    }

    private static Row Of(
        string what, List<(Load.Measurement Ours, Load.Measurement Yardstick)> pairs, Func<Load.Measurement, double> figure) => new(
            $"relay on MQTTnet, {Arms} arms × {Hz} Hz, {what}",
            $"{Rounds.Median(pairs.Select(pair => figure(pair.Ours))):0} µs",
            $"{Rounds.Median(pairs.Select(pair => figure(pair.Yardstick))):0} µs",
            $"{Rounds.Median(pairs.Select(pair => figure(pair.Ours) / figure(pair.Yardstick))):0.00}",
            "≤ 1.25");
}
