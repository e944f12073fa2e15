using Armada.Bench.Rows;

namespace Armada.Bench;

/// <summary>Measures row by row and prints the table.</summary>
internal static class TableProgram
{
    private const string Method = """
        How each figure is taken
        - The silo and a yardstick run in turn under the same load, each as processes of their own on loopback. Each device has a connection of its
          own, over TLS with a client certificate or without. Ratios are taken pair by pair; the median of all rounds is shown, and in brackets the
          lowest and the highest. The yardsticks are the bare relay (a mosquitto with set_tcp_nodelay, without which it takes tens of milliseconds,
          and a process of one thread that republishes each leader's state as a command) and the floor (one thread that writes what it reads from a
          leader's socket to the follower's).
        - Latency: from a leader's publish to the arrival of its command, on one clock. Each follower sends 10 frames a second. Frames count as lost
          half a second after the last one was sent.
        - Processor time: of the silo, and of the relay and its mosquitto together.
        - Watched: the same silo under the same load without panel subscribers and with 50 of them at 20 updates a second, in turn. The subscribers
          run in the load's process and share the machine with it.
        - Most frames a second: the highest rate of 100 arms at which every frame arrived as a command, found by bisection. A rate counts if one of
          two runs achieves it, each started after the router has recovered from the previous one.
        - Allocation: bytes that the whole process (silo and load) allocates per frame, less what it allocates when idle.
        - Memory a device: resident memory that the silo gains when 1,000 registered devices connect over TLS. Back: until all 1,000 are connected
          again after a SIGKILL of the silo and its new start, each trying again after a tenth to three tenths of a second.
        - Leader tick: one sync read as the agent's loop does it, from an emulated arm on a pseudo-terminal with the wire's timing.
        - Provisioning: devices created over REST at a silo with its broker, and their bundles collected. The yardstick is a key, a signature and two
          durable writes per device in this process. One run, not rounds.
        - Another silo: two silos on Redis without a broker; half of the leaders are connected to the silo of their robots, half to the other one, and all
          stream at once. The third column is the difference.
        - Stop and peak speed: an agent with a leader and its follower on one machine. A stop is asked for on the agent's socket while the arm moves, and
          the hold is the first write of the goal that stays, on the follower's bus. Peak speed is that of the goals on that bus over 200 ms.
        - Agent: a leader's agent at 100 Hz as a process. A tick is late when it begins more than a fifth of a period after its time, or is skipped.

        """;

    public static async Task<int> RunAsync(bool quick, string? only, CancellationToken cancellation)
    {
        Console.WriteLine(Method);
        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {Environment.ProcessorCount} cores, .NET {Environment.Version}{(quick ? ", quick" : "")}\n");
        var pace = quick
            ? new Pace(3, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1))
            : new Pace(7, TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(3));
        var rows = new List<Row>();
        if (only is null or "latency")
        {
            rows.AddRange(await RoutedLatency.AgainstRelayAsync(10, 100, tls: true, pace, new(0.5, 0.8, 2)));
            rows.AddRange(await RoutedLatency.AgainstRelayAsync(10, 100, tls: false, pace, new()));
            rows.AddRange(await RoutedLatency.AgainstRelayAsync(100, 100, tls: true, pace, new(0.2, 0.6, Cost: 1)));
            rows.AddRange(await RoutedLatency.AgainstRelayAsync(100, 100, tls: false, pace, new()));
            rows.AddRange(await RoutedLatency.AgainstRelayAsync(500, 10, tls: true, pace, new(P99: 1)));
            rows.Add(await RoutedLatency.AgainstFloorAsync(10, 100, pace));
        }

        if (only is null or "devices")
            rows.AddRange(await ManyDevices.MeasureAsync());
        if (only is null or "watched")
        {
            foreach (var arms in (int[])[10, 100])
                rows.AddRange(await Watched.MeasureAsync(arms, pace.Rounds, pace.Round));
        }

        cancellation.ThrowIfCancellationRequested();
        if (only is null or "rate")
        {
            rows.Add(await HighestRate.MeasureAsync(quick ? 1 : 3, tls: true));
            rows.Add(await HighestRate.MeasureAsync(quick ? 1 : 3, tls: false));
        }

        if (only is null or "allocation")
            rows.Add(await Allocation.MeasureAsync(quick ? 1 : 3, pace.Round));
        if (only is null or "tick")
            rows.Add(LeaderTick.Measure(pace.Rounds, pace.Round));
        if (only is null or "agent")
            rows.AddRange(await AgentCost.MeasureAsync(TimeSpan.FromSeconds(quick ? 10 : 60)));
        if (only is null or "following")
            rows.AddRange(await Following.MeasureAsync(quick ? 10 : 50));
        if (only is null or "hop")
            rows.AddRange(await Hop.MeasureAsync(10, pace.Rounds, pace.Round));
        if (only is null or "provisioning")
            rows.AddRange(await Provisioning.MeasureAsync(1000));
        Console.WriteLine(Row.Table(rows));
        return 0;
    }
}
