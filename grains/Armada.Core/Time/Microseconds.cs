namespace Armada.Core.Time;

/// <summary>Microseconds, the unit of every clock here.</summary>
public static class Microseconds
{
    /// <summary>Microseconds in a second.</summary>
    public const long PerSecond = 1_000_000;

    /// <summary>A duration in whole microseconds.</summary>
    public static long Of(TimeSpan duration) => duration.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Microseconds as a duration.</summary>
    public static TimeSpan ToTimeSpan(long micros) => new(micros * TimeSpan.TicksPerMicrosecond);
}
