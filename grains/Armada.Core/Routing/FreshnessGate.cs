using Armada.Core.Time;

namespace Armada.Core.Routing;

/// <summary>
/// Tells how old a sample is although its source's clock is not ours: its delay beyond the least one of the last 10 to 20 seconds.
/// What was stalled and delivered late is old; a source whose clock jumps is not.
/// </summary>
/// <remarks>Give it only samples that go forward in sequence: a capture time that goes back then means that the clock did.</remarks>
public sealed class FreshnessGate
{
    private const long BucketMicros = 10 * Microseconds.PerSecond;
    private const long MaxCapture = long.MaxValue / 4;

    private long bucketStart;
    private long least = long.MaxValue;
    private long leastBefore = long.MaxValue;
    private long lastCapture;

    /// <summary>Age of a sample in microseconds, 0 or more; it also becomes part of what later ones are measured against.</summary>
    /// <param name="capturedAt">Microseconds of its source's clock.</param>
    public long Age(long capturedAt, in Timestamp received)
    {
        var capture = Math.Clamp(capturedAt, 0, MaxCapture);
        if (capture < lastCapture)
            Reset();
        lastCapture = capture;
        Turn(received.Monotonic);
        var delay = received.Monotonic - capture;
        least = Math.Min(least, delay);
        return delay - Math.Min(least, leastBefore);
    }

    /// <param name="stamp">The sample.</param>
    /// <param name="received">When it came.</param>
    /// <param name="defaultTimeToLiveMs">Where the stamp brings none; 0 for no limit.</param>
    public bool IsFresh(in SampleStamp stamp, in Timestamp received, ushort defaultTimeToLiveMs = 0)
    {
        var limit = stamp.TimeToLiveMs == 0 ? defaultTimeToLiveMs : stamp.TimeToLiveMs;
        var age = Age(stamp.CapturedAt, received);
        return limit == 0 || age < limit * 1000L;
    }

    /// <summary>Forgets all delays; another source, or another clock, begins.</summary>
    public void Reset()
    {
        least = long.MaxValue;
        leastBefore = long.MaxValue;
        lastCapture = 0;
    }

    private void Turn(long now)
    {
        if (least == long.MaxValue)
            bucketStart = now;
        var passed = now - bucketStart;
        if (passed < BucketMicros)
            return;
        leastBefore = passed < 2 * BucketMicros ? least : long.MaxValue;
        least = long.MaxValue;
        bucketStart = now;
    }
}
