using Armada.Core.Control;

namespace Armada.Up;

/// <summary>One line about the motion, printed every second.</summary>
internal static class StatusLine
{
    private const int DefaultWidth = 120;

    public static async Task PrintAsync(DemoEnvironment environment, MotionMonitor monitor, CancellationToken cancellation)
    {
        await Console.Error.WriteLineAsync("Ctrl-C ends everything");
        monitor.Restart();
        var before = await monitor.DropsAsync(cancellation);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                environment.ThrowIfAnyExited();
                Print(await FormatAsync(monitor, before, cancellation));
            }
        }
        finally
        {
            if (!Console.IsOutputRedirected)
                Console.WriteLine(); // The next message begins on a line of its own.
        }
    }

    private static async Task<string> FormatAsync(MotionMonitor monitor, FrameDrops before, CancellationToken cancellation)
    {
        var drops = (await monitor.DropsAsync(cancellation)).Since(before);
        var (frames, lagMs, errorDegrees) = monitor.Read();
        monitor.Restart();
        return $"{frames,3} frames/s   lag p50 {lagMs.At(0.5):0.0} p95 {lagMs.At(0.95):0.0} ms   error p95 {errorDegrees.At(0.95):0.0}°   "
            + $"dropped {drops.Lost}   {StateOf("leader", monitor.PresenceOf(DemoEnvironment.Leader))}   "
            + StateOf("follower", monitor.PresenceOf(DemoEnvironment.Follower));
    }

    private static string StateOf(string role, Presence? presence) => presence switch
    {
        null or { Online: false } => $"{role} offline",
        { Faults: [var first, ..] faults } =>
            $"{role} {presence.State}: {first}{(faults.Count > 1 ? $" and {faults.Count - 1} more" : "")}",
        _ => $"{role} {presence.State}",
    };

    // A terminal shows one line that is overwritten, cut to its width; a file or pipe gets a line each second.
    private static void Print(string line)
    {
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(line);
            return;
        }

        var width = (Console.WindowWidth > 0 ? Console.WindowWidth : DefaultWidth) - 1;
        Console.Write($"\r\u001b[2K{(line.Length > width ? line[..(width - 1)] + "…" : line)}");
    }
}
