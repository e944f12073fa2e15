namespace Armada.Mqtt;

/// <summary>Counts what may come by the thousand and says when it is time to report it: at most once a second.</summary>
/// <remarks>One thread uses it.</remarks>
public sealed class OncePerSecond(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private long last;
    private long unreported;

    /// <summary>Counts one more; true where it shall be reported, with the number since the last report.</summary>
    public bool Count(out long since)
    {
        since = ++unreported;
        if (last != 0 && time.GetElapsedTime(last) < Pause) return false;
        last = time.GetTimestamp();
        unreported = 0;
        return true;
    }
}
