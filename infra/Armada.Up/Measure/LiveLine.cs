using Armada.Core.Control;
using Armada.Up.Stage;

namespace Armada.Up.Measure;

/// <summary>One line about the motion, renewed every second.</summary>
internal static class LiveLine
{
    private const int UsualWidth = 120;

    /// <summary>Shows the line until canceled or until a program ends.</summary>
    public static async Task<int> ShowAsync(DemoEnvironment scene, MotionMeter motion, CancellationToken cancellation)
    {
        await Console.Error.WriteLineAsync("Ctrl-C ends everything");
        motion.Watch.Restart();
        var before = await DropsAsync(motion, cancellation);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                scene.ThrowIfOneDied();
                Show(await LineAsync(motion, before, cancellation));
            }

            return 0;
        }
        finally
        {
            // What is said next begins on a line of its own.
            if (!Console.IsOutputRedirected)
                Console.WriteLine();
        }
    }

    private static async Task<string> LineAsync(MotionMeter motion, Drops before, CancellationToken cancellation)
    {
        var drops = (await DropsAsync(motion, cancellation)).Since(before);
        var (lag, error) = motion.Watch.Read();
        var rate = motion.Watch.LeaderFrames;
        motion.Watch.Restart();
        return $"{rate,3} frames/s   lag p50 {lag.At(0.5):0.0} p95 {lag.At(0.95):0.0} ms   error p95 {error.Degrees.At(0.95):0.0}°   "
            + $"dropped {drops.Lost}   {StateOf("leader", motion.Watch.PresenceOf(DemoEnvironment.Leader))}   "
            + StateOf("follower", motion.Watch.PresenceOf(DemoEnvironment.Follower));
    }

    private static async Task<Drops> DropsAsync(MotionMeter motion, CancellationToken cancellation) => new(
        await motion.FleetAsync(cancellation),
        motion.Watch.PresenceOf(DemoEnvironment.Leader) ?? new Presence(false),
        motion.Watch.PresenceOf(DemoEnvironment.Follower) ?? new Presence(false));

    private static string StateOf(string role, Presence? presence) => presence switch
    {
        null or { Online: false } => $"{role} offline",
        { Faults: [var first, ..] faults } =>
            $"{role} {presence.State}: {first}{(faults.Count > 1 ? $" and {faults.Count - 1} more" : "")}",
        _ => $"{role} {presence.State}",
    };

    // A terminal gets one line that is written over, cut to its width; a file or pipe gets a line a second.
    private static void Show(string line)
    {
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(line);
            return;
        }

        var width = (Console.WindowWidth > 0 ? Console.WindowWidth : UsualWidth) - 1;
        Console.Write($"\r\u001b[2K{(line.Length > width ? line[..(width - 1)] + "…" : line)}");
    }
}
