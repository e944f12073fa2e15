namespace Armada.Domain.Time;

/// <summary>One reading of both clocks. Durations use the monotonic one, so that a wall clock that jumps ends no lease.</summary>
/// <param name="Monotonic">Microseconds of a clock that never goes back; its zero is arbitrary.</param>
/// <param name="Unix">Microseconds since 1970-01-01 UTC; may jump.</param>
public readonly record struct Moment(long Monotonic, long Unix);
