namespace Armada.Grains.Storage;

/// <summary>
/// Where audit records are kept: who did what, when and from where. One store for all silos of a service; any of them answers for all.
/// What is kept, and for how long, stands in <see cref="AuditRetention"/>.
/// </summary>
public interface IAuditStore
{
    /// <summary>
    /// Appends records in their order; ends when they are durable. A stop or reset that repeats one of a moment ago is counted there
    /// instead (<see cref="AuditRetention.FoldWithin"/>). Texts are cut at <see cref="AuditEntry.MaxLength"/> characters.
    /// </summary>
    /// <param name="entries">The records; at best a few hundred at a time. None: only what is too old is removed.</param>
    /// <param name="cancellation">Ends the wait, not the append.</param>
    /// <exception cref="StorageWriteException">
    /// They are not confirmed; append them again. SQLite has stored none of them. Redis may have, where the connection was lost on the
    /// way: a record may then be there twice.
    /// </exception>
    Task AppendAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellation = default);

    /// <summary>A page of records, the newest first. The next page is the one before (<see cref="AuditQuery.Before"/>) its last.</summary>
    /// <exception cref="StorageReadException">The store cannot be read now.</exception>
    Task<IReadOnlyList<StoredAuditEntry>> ReadAsync(AuditQuery query, CancellationToken cancellation = default);
}

/// <param name="At">Stored to the microsecond, in UTC.</param>
/// <param name="Who">Name of the key, the token or another actor.</param>
/// <param name="What">Such as master-bound.</param>
/// <param name="Subject">The robot, key or device it happened to.</param>
public sealed record AuditEntry(DateTimeOffset At, string Who, string Role, string From, string What, string Subject, string? Detail = null)
{
    /// <summary>Longest text that is stored, in UTF-16 units.</summary>
    public const int MaxLength = 500;
}

/// <param name="Seq">Unique over all silos, rising, never used again. Gaps are records that were removed.</param>
/// <param name="Count">Above 1 only where repeated stops or resets were folded.</param>
public sealed record StoredAuditEntry(long Seq, AuditEntry Entry, long Count, DateTimeOffset LastAt);

public sealed record AuditQuery
{
    public const int MaxLimit = 1000;

    /// <summary>Only records with a smaller number.</summary>
    public long Before { get; init; } = long.MaxValue;

    /// <summary>Only what happened to this; null for everything.</summary>
    public string? Subject { get; init; }

    /// <summary>Only this kind; null for every kind.</summary>
    public string? What { get; init; }

    /// <summary>1 to <see cref="MaxLimit"/>.</summary>
    public int Limit { get; init; } = 100;
}
