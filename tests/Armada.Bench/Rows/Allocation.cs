namespace Armada.Bench.Rows;

/// <summary>Bytes allocated per routed frame by the whole process, less what the same process allocates while nothing is routed.</summary>
internal static class Allocation
{
    private const int Arms = 10;
    private const double Hz = 100;

    public static async Task<Row> MeasureAsync(int rounds, TimeSpan round)
    {
        await using var silo = await RouterUnderLoad.OfSiloHereAsync(Arms);
        var perFrame = new List<double>();
        for (var i = 0; i < rounds; i++)
        {
            var idle = await AllocatedAsync(() => Task.Delay(round));
            // Leases expired while idle: what acquiring them again allocates is no steady state.
            silo.Load.Run(Hz, TimeSpan.FromSeconds(2));
            var frames = 0L;
            var busy = await AllocatedAsync(() =>
            {
                frames = silo.Load.Run(Hz, round).Received;
                return Task.CompletedTask;
            });
            perFrame.Add(Math.Max(0, busy - idle) / (double)frames);
        }

        return new Row("allocation per routed frame, silo and load in one process, no TLS", $"{Rounds.Median(perFrame):0.0} bytes", "-", $"{Rounds.Median(perFrame):0.0}", "≤ 16 bytes");
    }

    private static async Task<long> AllocatedAsync(Func<Task> work)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await work();
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }
}
