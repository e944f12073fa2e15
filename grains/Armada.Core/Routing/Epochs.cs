using Armada.Core.Time;

namespace Armada.Core.Routing;

/// <summary>The fencing numbers of leases.</summary>
public static class Epochs
{
    // 2025-01-01T00:00:00Z
    private const long StartUnixSeconds = 1_735_689_600;

    /// <summary>
    /// The epoch after <paramref name="last"/>: one more, but at least the seconds since 2025-01-01 UTC, so that a robot made
    /// anew, or a device that comes from another robot, starts above every epoch used before.
    /// </summary>
    /// <exception cref="OverflowException">Every epoch is used up; by the clock that is in the year 2161.</exception>
    public static uint Next(uint last, in Timestamp now)
    {
        var seconds = Math.Clamp(now.Unix / Microseconds.PerSecond - StartUnixSeconds, 1, uint.MaxValue);
        return Math.Max(checked(last + 1), (uint)seconds);
    }
}
