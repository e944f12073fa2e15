using Armada.Core.Time;

namespace Armada.Silo.Ingress;

/// <summary>Lets one line a second into the log and counts those it holds back.</summary>
internal sealed class LogPace
{
    private long nextAt = long.MinValue;
    private long hidden;

    /// <param name="heldBack">Lines held back since the last one.</param>
    public bool IsDue(in Timestamp now, out long heldBack)
    {
        heldBack = 0;
        var at = Volatile.Read(ref nextAt);
        if (now.Monotonic < at || Interlocked.CompareExchange(ref nextAt, now.Monotonic + Microseconds.PerSecond, at) != at)
        {
            Interlocked.Increment(ref hidden);
            return false;
        }

        heldBack = Interlocked.Exchange(ref hidden, 0);
        return true;
    }
}
