namespace Armada.Mqtt;

/// <summary>Limits reports of what may happen thousands of times to one a second. Not thread-safe.</summary>
public sealed class OncePerSecond(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private long last;
    private long unreported;

    /// <summary>Counts one occurrence; true when it is to be reported, with the number since the last report.</summary>
    public bool Count(out long since)
    {
        since = ++unreported;
        if (last != 0 && time.GetElapsedTime(last) < Pause) return false;
        last = time.GetTimestamp();
        unreported = 0;
        return true;
    }
}
