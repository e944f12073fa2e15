using System.Collections.Frozen;

namespace Armada.Grains.Storage;

/// <summary>
/// What is kept of the audit log. Records go when they are too old, or, the oldest first, when there is no room. Stops and resets have
/// their own room, for they are never rate-limited: however many there are, they push out no other record, and others push out none of
/// them. Two more rules keep one actor from pushing out the stops of the others:
/// <list type="bullet">
/// <item>A stop or reset that equals one of the last seconds in everything but its time is counted there.</item>
/// <item>Of one actor, only the newest stops and resets are kept.</item>
/// </list>
/// </summary>
/// <remarks>
/// A record takes its texts in UTF-8 and <see cref="RecordOverhead"/> bytes of these budgets, typically 110 bytes in all; so the
/// defaults are about 600,000 records and 38,000 stops. Measured: on disk, with indexes, 1.3 times the budget; in Redis' memory 1.5 times,
/// and 6 times for stops, which is about 120 MB when all is full.
/// </remarks>
public sealed record AuditRetention
{
    /// <summary>What a record takes beside its texts, in bytes.</summary>
    public const int RecordOverhead = 64;

    /// <summary>Older records are removed; 400 days: more than a year, so that an annual review sees a whole one.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(400);

    /// <summary>Room of all records but stops and resets, in bytes; 64 MiB.</summary>
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>Room of stops and resets, in bytes; 4 MiB.</summary>
    public long MaxStopBytes { get; init; } = 4L << 20;

    /// <summary>Most stops and resets that are kept of one actor (<see cref="AuditEntry.Who"/>); 2,000.</summary>
    public int MaxStopsPerActor { get; init; } = 2_000;

    /// <summary>A stop or reset is counted with an equal one whose last time was at most this long ago; 10 s.</summary>
    public TimeSpan FoldWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest time from the first to the last of one such record, so that the course of a long flood is seen; 5 min.</summary>
    public TimeSpan FoldAtMost { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The kinds (<see cref="AuditEntry.What"/>) that are stops and resets: stop, reset, fleet-stop, fleet-reset.</summary>
    public FrozenSet<string> StopKinds { get; init; } =
        FrozenSet.Create(StringComparer.Ordinal, "stop", "reset", "fleet-stop", "fleet-reset");
}
