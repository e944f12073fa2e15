namespace Armada.Mqtt;

/// <summary>The wait before the next attempt: doubles from an initial to a maximum one, each jittered between half and whole.</summary>
/// <param name="random">Returns a number from 0 up to 1: clients cut off at the same moment must not return at the same moment.</param>
public sealed class BackOff(TimeSpan initial, TimeSpan max, Func<double> random)
{
    private int doublings;

    public TimeSpan Next()
    {
        var wait = initial * Math.Pow(2, doublings);
        if (wait >= max) return Max();
        doublings++;
        return Jittered(wait);
    }

    /// <summary>The longest wait, for a server that refuses the client: asking often helps nobody.</summary>
    public TimeSpan Max() => Jittered(max);

    public void Reset() => doublings = 0;

    private TimeSpan Jittered(TimeSpan wait) => wait * (0.5 + (random() / 2));
}
