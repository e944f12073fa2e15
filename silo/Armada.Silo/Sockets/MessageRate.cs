using Armada.Core.Time;

namespace Armada.Silo.Sockets;

/// <summary>A token bucket: lets a burst through, and after that so many messages a second.</summary>
internal sealed class MessageRate
{
    private readonly double perSecond;
    private readonly double burst;
    private double tokens;
    private long? last;

    /// <summary>A full bucket.</summary>
    public MessageRate(double perSecond, double burst) => (this.perSecond, this.burst, tokens) = (perSecond, burst, burst);

    /// <summary>Whether one more message may pass now.</summary>
    public bool TryPass(in Timestamp now)
    {
        var passed = Math.Max(0, now.Monotonic - (last ?? now.Monotonic));
        tokens = Math.Min(burst, tokens + (passed * perSecond / Microseconds.PerSecond));
        last = now.Monotonic;
        if (tokens < 1)
            return false;
        tokens--;
        return true;
    }
}
