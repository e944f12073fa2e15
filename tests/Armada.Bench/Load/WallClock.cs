using System.Diagnostics;

namespace Armada.Bench.Load;

/// <summary>Unix microseconds on the stopwatch's resolution; one process, so both ends of a latency read the same clock.</summary>
internal static class WallClock
{
    private static readonly long Start = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / 10;
    private static readonly long Zero = Stopwatch.GetTimestamp();

    public static long Microseconds => Start + (long)Stopwatch.GetElapsedTime(Zero).TotalMicroseconds;
}
