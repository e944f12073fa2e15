namespace Armada.Core.Time;

/// <summary>One reading of both clocks. Durations use the monotonic one, so that a wall clock that jumps ends no lease.</summary>
/// <param name="Monotonic">Microseconds of a clock that never goes back; its zero is arbitrary.</param>
/// <param name="Unix">Microseconds since 1970-01-01 UTC; may jump.</param>
public readonly record struct Timestamp(long Monotonic, long Unix)
{
    /// <summary>Microseconds from <paramref name="earlier"/> to this moment.</summary>
    public long MicrosecondsSince(in Timestamp earlier) => Monotonic - earlier.Monotonic;

    /// <summary>Whether at least <paramref name="duration"/> has gone by since <paramref name="earlier"/>.</summary>
    public bool IsPast(in Timestamp earlier, TimeSpan duration) => MicrosecondsSince(earlier) >= Microseconds.Of(duration);

    /// <summary>The moment <paramref name="duration"/> later, on both clocks.</summary>
    public Timestamp Plus(TimeSpan duration) => new(Monotonic + Microseconds.Of(duration), Unix + Microseconds.Of(duration));
}
