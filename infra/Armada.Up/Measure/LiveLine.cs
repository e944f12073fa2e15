using Armada.Up.Stage;

namespace Armada.Up.Measure;

/// <summary>One line about the motion, renewed every second.</summary>
internal static class LiveLine
{
    /// <summary>Shows the line until cancelled or until a program ends.</summary>
    public static async Task<int> ShowAsync(Scene scene, MotionMeter motion, CancellationToken cancellation)
    {
        await Console.Error.WriteLineAsync("Ctrl-C ends everything");
        motion.Watch.Restart();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            scene.ThrowIfOneDied();
            Show(await LineAsync(motion, cancellation));
        }

        return 0;
    }

    private static async Task<string> LineAsync(MotionMeter motion, CancellationToken cancellation)
    {
        var fleet = await motion.FleetAsync(cancellation);
        var (lag, error) = motion.Watch.Read();
        var rate = motion.Watch.LeaderFrames;
        motion.Watch.Restart();
        var leader = motion.Watch.PresenceOf(Scene.Leader);
        var follower = motion.Watch.PresenceOf(Scene.Follower);
        var faults = string.Join(", ", (leader?.Faults ?? []).Concat(follower?.Faults ?? []));
        return $"{rate,3} frames/s   lag p50 {lag.At(0.5):0.0} p95 {lag.At(0.95):0.0} ms   error p95 {error.Degrees.At(0.95):0.0}°   "
            + $"dropped {fleet.Dropped.Values.Sum()}   leader {leader?.State ?? "offline"}   follower {follower?.State ?? "offline"}"
            + (faults.Length == 0 ? "" : $"   {faults}");
    }

    // A terminal gets one line that is written over; a file or pipe gets a line a second.
    private static void Show(string line)
    {
        if (Console.IsOutputRedirected)
            Console.WriteLine(line);
        else
            Console.Write($"\r\u001b[2K{line}");
    }
}
