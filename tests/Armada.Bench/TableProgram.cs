using Armada.Bench.Rows;

namespace Armada.Bench;

/// <summary>Measures row by row and prints the table.</summary>
internal static class TableProgram
{
    private const string Method = """
        How each figure is taken
        - The silo and the yardstick run in turn under the same load, each as a process with a mosquitto of its own on loopback. Ratios are taken pair
          by pair; the median of all rounds is shown. The yardstick is the bare relay, which republishes each state payload as a command.
        - Routed latency: from a leader's publish to the arrival of its command, on one clock. Each leader sends 100 frames a second, each follower 10.
        - Watched: the same silo under the same load without panel subscribers and with 50 of them at 20 updates a second, in turn. The subscribers
          run in the load's process and share the machine with it.
        - Most frames a second: the highest rate of 100 arms at which every frame arrived as a command, found by bisection. A rate counts if one of
          two runs achieves it, each started after the router has recovered from the previous one.
        - Allocation: bytes that the whole process (silo, MQTT client and load) allocates per frame, less what it allocates when idle.
        - Leader tick: one sync read as the agent's loop does it, from an emulated arm on a pseudo-terminal with the wire's timing.
        - Provisioning: devices created over REST at a silo with its broker, and their bundles collected. The yardstick is a key, a signature and two
          durable writes per device in this process. One run, not rounds.
        - Another silo: two silos on Redis without a broker; half of the leaders are connected to the silo of their robots, half to the other one, and all
          stream at once. The third column is the difference.
        - Agent: a leader's agent at 100 Hz as a process. A tick is late when it begins more than a fifth of a period after its time, or is skipped.

        """;

    public static async Task<int> RunAsync(bool quick, string? only, CancellationToken cancellation)
    {
        Console.WriteLine(Method);
        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {Environment.ProcessorCount} cores, .NET {Environment.Version}{(quick ? ", quick" : "")}\n");
        var rounds = quick ? 3 : 7;
        var round = TimeSpan.FromSeconds(quick ? 2 : 5);
        var rows = new List<Row>();
        if (only is null or "latency")
        {
            foreach (var arms in (int[])[10, 100])
                rows.AddRange(await RoutedLatency.MeasureAsync(arms, rounds, round));
        }

        if (only is null or "watched")
        {
            foreach (var arms in (int[])[10, 100])
                rows.AddRange(await Watched.MeasureAsync(arms, rounds, round));
        }

        cancellation.ThrowIfCancellationRequested();
        if (only is null or "rate")
            rows.Add(await HighestRate.MeasureAsync(quick ? 1 : 3, TimeSpan.FromSeconds(2)));
        if (only is null or "allocation")
            rows.Add(await Allocation.MeasureAsync(quick ? 1 : 3, round));
        if (only is null or "tick")
            rows.Add(LeaderTick.Measure(rounds, round));
        if (only is null or "agent")
            rows.AddRange(await AgentCost.MeasureAsync(TimeSpan.FromSeconds(quick ? 10 : 60)));
        if (only is null or "hop")
            rows.AddRange(await Hop.MeasureAsync(10, rounds, round));
        if (only is null or "provisioning")
            rows.AddRange(await Provisioning.MeasureAsync(1000));
        Console.WriteLine(Row.Table(rows));
        return 0;
    }
}
