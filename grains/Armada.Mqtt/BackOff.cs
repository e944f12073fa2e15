namespace Armada.Mqtt;

/// <summary>How long to wait before the next attempt: doubling from first to most, each wait jittered between half and whole.</summary>
/// <param name="first">The first wait.</param>
/// <param name="most">The longest wait.</param>
/// <param name="chance">A number from 0 up to 1, for the jitter: many links cut at once shall not come back at once.</param>
public sealed class BackOff(TimeSpan first, TimeSpan most, Func<double> chance)
{
    private int doublings;

    /// <summary>The wait before the next attempt; the one after it is twice as long.</summary>
    public TimeSpan Next()
    {
        var wait = first * Math.Pow(2, doublings);
        if (wait >= most) return Longest();
        doublings++;
        return Jittered(wait);
    }

    /// <summary>The longest wait, for a broker that refuses us: asking often helps nobody.</summary>
    public TimeSpan Longest() => Jittered(most);

    /// <summary>Starts from the first wait again.</summary>
    public void Reset() => doublings = 0;

    private TimeSpan Jittered(TimeSpan wait) => wait * (0.5 + (chance() / 2));
}
