using Armada.Core.Time;

namespace Armada.Core.Routing;

/// <summary>How much later samples come than the fastest of the last 15 s, by two clocks that are never compared. Times are microseconds.</summary>
/// <param name="share">Of the samples that <see cref="Allowed"/> covers, 0 to 1.</param>
public sealed class NetworkDelay(double share)
{
    private const int Capacity = 2048;
    private const int Few = 32;
    private const long Window = 15 * Microseconds.PerSecond;
    private const long RefreshPeriod = Microseconds.PerSecond / 5;

    // Faster than the fastest by so much: a clock was set, or the way is another one.
    private const long Faster = Microseconds.PerSecond / 10;

    private readonly long[] delays = new long[Capacity];
    private readonly long[] times = new long[Capacity];
    private readonly long[] sorted = new long[Capacity];
    private int newest = -1;
    private int count;
    private long refreshed;

    /// <summary>Arrival by our clock less capture by the source's, of the fastest sample.</summary>
    public long Least { get; private set; }

    /// <summary>How much later than the fastest the given share of the samples comes at most.</summary>
    public long Allowed { get; private set; }

    public long Median { get; private set; }

    /// <summary>From the median to the third quarter.</summary>
    public long Spread { get; private set; }

    public long Percentile95 { get; private set; }

    /// <summary>Takes one sample; of those that come in one message, at the same time, the one that is least late counts.</summary>
    /// <returns>How much later than the fastest it came.</returns>
    public long Observe(long capturedAt, in Timestamp received)
    {
        var delay = received.Monotonic - capturedAt;
        if (count > 0 && delay < Least - Faster)
            Reset();
        Least = count == 0 ? delay : Math.Min(Least, delay);
        if (count > 0 && times[newest] == received.Monotonic)
        {
            delays[newest] = Math.Min(delays[newest], delay);
        }
        else
        {
            newest = (newest + 1) % Capacity;
            (delays[newest], times[newest]) = (delay, received.Monotonic);
            count = Math.Min(count + 1, Capacity);
        }

        if (count <= Few || received.Monotonic - refreshed >= RefreshPeriod)
            Refresh(received.Monotonic);
        return delay - Least;
    }

    /// <summary>Forgets all: another source, or another clock, begins.</summary>
    public void Reset() => (count, Allowed, Median, Spread, Percentile95) = (0, 0, 0, 0, 0);

    private void Refresh(long now)
    {
        refreshed = now;
        while (count > 1 && now - times[(newest - count + 1 + Capacity) % Capacity] > Window)
            count--;
        var recent = sorted.AsSpan(0, count);
        for (var index = 0; index < count; index++)
            recent[index] = delays[(newest - index + Capacity) % Capacity];
        recent.Sort();
        Least = recent[0];
        Allowed = Excess(recent, share);
        Median = Excess(recent, 0.5);
        Spread = Excess(recent, 0.75) - Median;
        Percentile95 = Excess(recent, 0.95);
    }

    private static long Excess(ReadOnlySpan<long> sorted, double share) => sorted[(int)(share * (sorted.Length - 1))] - sorted[0];
}

/// <summary>How far apart by its own clock a source's samples come: the median of the last nine distances between messages with movement.</summary>
public sealed class SourceInterval
{
    private const int Capacity = 9;

    private readonly long[] distances = new long[Capacity];
    private int taken;

    // Of a leader at its usual rate, until something is known.
    private const long Default = Microseconds.PerSecond / 100;

    /// <summary>Microseconds.</summary>
    public long Estimate { get; private set; } = Default;

    public void Observe(long distance)
    {
        if (distance is <= 0 or > Microseconds.PerSecond)
            return;
        distances[taken++ % Capacity] = distance;
        var known = Math.Min(taken, Capacity);
        Span<long> sorted = stackalloc long[Capacity];
        distances.AsSpan(0, known).CopyTo(sorted);
        sorted[..known].Sort();
        Estimate = sorted[(known - 1) / 2];
    }

    public void Reset() => (taken, Estimate) = (0, Default);
}
