namespace Armada.Core.Time;

/// <summary>One reading of both clocks. Durations use the monotonic one, so that a wall clock that jumps ends no lease.</summary>
/// <param name="Monotonic">Microseconds of a clock that never goes back; its zero is arbitrary.</param>
/// <param name="Unix">Microseconds since 1970-01-01 UTC; may jump.</param>
public readonly record struct Timestamp(long Monotonic, long Unix)
{
    public long MicrosecondsSince(in Timestamp earlier) => Monotonic - earlier.Monotonic;

    public bool IsPast(in Timestamp earlier, TimeSpan duration) => MicrosecondsSince(earlier) >= Microseconds.Of(duration);

    public Timestamp Plus(TimeSpan duration) => new(Monotonic + Microseconds.Of(duration), Unix + Microseconds.Of(duration));
}

/// <summary>The unit of every clock here.</summary>
public static class Microseconds
{
    public const long PerSecond = 1_000_000;

    public static long Of(TimeSpan duration) => duration.Ticks / TimeSpan.TicksPerMicrosecond;

    public static TimeSpan ToTimeSpan(long micros) => new(micros * TimeSpan.TicksPerMicrosecond);
}
