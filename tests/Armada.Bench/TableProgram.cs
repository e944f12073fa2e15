using Armada.Bench.Rows;

namespace Armada.Bench;

/// <summary>Measures row by row and prints the table.</summary>
internal static class TableProgram
{
    private const string Method = """
        How each figure is taken
        - Routers run in turn under the same load, each as a process of its own with a mosquitto of its own on loopback; ratios are taken pair
          by pair and the median of all rounds is shown. The yardstick is the bare relay: it republishes each state payload as a command.
        - Routed latency: from a leader's publish to the arrival of the command made of it, on one clock. Leaders send 100 frames a second
          each, followers 10.
        - Watched: the same silo and load with nobody watching and with 50 watchers of everything at 20 updates a second, in turn; the watchers run
          in the load's process and share the machine with it.
        - Most frames a second: the highest rate of 100 arms at which every frame arrived as a command, by halving; a rate holds if it does in one of
          two runs, each begun after the router has recovered from the last.
        - Allocation: bytes the whole process allocates per frame with the silo, its link and the load inside it, less what it allocates when idle.
        - Leader tick: one sync read as the agent's loop does it, against an emulated arm on a pseudo-terminal that keeps the wire's time.
        - Relay on MQTTnet, where this build has it: the bare relay over that link against the bare relay over libmosquitto.
        - Grains, where this build has Orleans: robots as grains on one and on two silos with a Redis, each silo a process, against the in-process engine.
        - Provisioned: devices over REST from a silo with its broker, each one made and its bundle collected; the yardstick is a key, a signature and two
          durable writes for each in this process. One run, not rounds.
        - Agent: a leader's agent at 100 Hz as a process of its own; late is more than a fifth of a period, or a tick skipped.

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
            rows.Add(await GreatestRate.MeasureAsync(quick ? 1 : 3, TimeSpan.FromSeconds(2)));
        if (only is null or "allocation")
            rows.Add(await Allocation.MeasureAsync(quick ? 1 : 3, round));
        if (only is null or "tick")
            rows.Add(LeaderTick.Measure(rounds, round));
        if (only is null or "agent")
            rows.AddRange(await AgentCost.MeasureAsync(TimeSpan.FromSeconds(quick ? 10 : 60)));
        if (only is null or "provisioning")
            rows.AddRange(await Provisioned.MeasureAsync(1000));
        if (only is null or "grains")
            rows.AddRange(await Clustered.MeasureAsync(rounds, round));
        Console.WriteLine(Row.Table(rows));
        return 0;
    }
}
