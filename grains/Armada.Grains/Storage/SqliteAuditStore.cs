using System.Text;
using Armada.Core.Time;
using Microsoft.Data.Sqlite;

namespace Armada.Grains.Storage;

/// <summary>The audit log in the <see cref="SqliteDatabase"/>.</summary>
public sealed class SqliteAuditStore(SqliteDatabase database, AuditRetention retention, TimeProvider time) : IAuditStore
{
    // Removing as much at once as was ever stored would hold up every other write; the rest goes with the next appends.
    private const int MostRemovedAtOnce = 2_000;
    private const int ReadAtOnce = 100;

    public Task AppendAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellation = default)
    {
        AuditRow[] rows = [.. entries.Select(entry => AuditRow.Of(entry, retention))];
        var actors = rows.Where(row => row.Fold is not null).Select(row => row.Entry.Who).Distinct(StringComparer.Ordinal).ToArray();
        return database.WriteAsync(session =>
        {
            foreach (var row in rows)
            {
                if (row.Fold is null || !Fold(session, row))
                    Insert(session, row);
            }

            foreach (var actor in actors)
                RemoveStopsOf(session, actor);
            RemoveOldest(session, isStop: 0, retention.MaxBytes);
            RemoveOldest(session, isStop: 1, retention.MaxStopBytes);
            return true;
        }).WaitAsync(cancellation);
    }

    public async Task<IReadOnlyList<StoredAuditEntry>> ReadAsync(AuditQuery query, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, AuditQuery.MaxLimit);
        await Task.CompletedTask; // Errors go to the task, as with a store that waits.
        var sql = new StringBuilder(
            "SELECT seq, at, who, role, source, what, subject, detail, repeats, last_at FROM audit WHERE seq < $before AND at >= $oldest");
        List<(string, object?)> parameters = [("$before", query.Before), ("$oldest", Oldest)];
        if (query.Subject is not null)
        {
            sql.Append(" AND subject = $subject");
            parameters.Add(("$subject", AuditRow.Cut(query.Subject)));
        }

        if (query.What is not null)
        {
            sql.Append(query.Subject is null ? " AND what = $what" : " AND +what = $what"); // Of two indexes the subject's has fewer rows.
            parameters.Add(("$what", AuditRow.Cut(query.What)));
        }

        sql.Append(" ORDER BY seq DESC LIMIT $limit");
        parameters.Add(("$limit", query.Limit));
        return database.Read(session => session.Query(sql.ToString(), ToEntry, [.. parameters]));
    }

    private long Oldest => UnixTime.ToMicroseconds(time.GetUtcNow() - retention.MaxAge);

    private bool Fold(SqliteSession session, AuditRow row) =>
        session.Execute(
            """
            UPDATE audit SET repeats = repeats + 1, last_at = MAX(last_at, $at)
            WHERE seq = (SELECT MAX(seq) FROM audit WHERE is_stop = 1 AND fold = $fold)
            AND $at - last_at <= $within AND $at - at BETWEEN -$within AND $most
            """,
            ("$at", row.At),
            ("$fold", row.Fold),
            ("$within", Microseconds.Of(retention.FoldWithin)),
            ("$most", Microseconds.Of(retention.FoldAtMost))) > 0;

    private static void Insert(SqliteSession session, AuditRow row) =>
        session.Execute(
            """
            INSERT INTO audit (at, who, role, source, what, subject, detail, is_stop, fold, repeats, last_at, size)
            VALUES ($at, $who, $role, $source, $what, $subject, $detail, $isStop, $fold, 1, $at, $size)
            """,
            ("$at", row.At),
            ("$who", row.Entry.Who),
            ("$role", row.Entry.Role),
            ("$source", row.Entry.From),
            ("$what", row.Entry.What),
            ("$subject", row.Entry.Subject),
            ("$detail", row.Entry.Detail),
            ("$isStop", row.Fold is null ? 0 : 1),
            ("$fold", row.Fold),
            ("$size", row.Size));

    private void RemoveStopsOf(SqliteSession session, string actor) =>
        session.Execute(
            """
            DELETE FROM audit WHERE is_stop = 1 AND who = $who AND seq <=
                (SELECT seq FROM audit WHERE is_stop = 1 AND who = $who ORDER BY seq DESC LIMIT 1 OFFSET $most)
            """,
            ("$who", actor),
            ("$most", retention.MaxStopsPerActor));

    private void RemoveOldest(SqliteSession session, int isStop, long budget)
    {
        var excess = session.Number("SELECT bytes FROM audit_size WHERE is_stop = $isStop", ("$isStop", isStop)) - budget;
        for (var removed = 0; removed < MostRemovedAtOnce; removed += ReadAtOnce)
        {
            var oldest = session.Query(
                "SELECT seq, at, size FROM audit WHERE is_stop = $isStop ORDER BY seq LIMIT $limit",
                row => (Seq: row.GetInt64(0), At: row.GetInt64(1), Size: row.GetInt64(2)),
                ("$isStop", isStop),
                ("$limit", excess > 0 ? ReadAtOnce : 1));
            long? last = null;
            foreach (var (seq, at, size) in oldest)
            {
                if (excess <= 0 && at >= Oldest)
                    break;
                (last, excess) = (seq, excess - size);
            }

            if (last is null)
                return;
            session.Execute("DELETE FROM audit WHERE is_stop = $isStop AND seq <= $last", ("$isStop", isStop), ("$last", last));
        }
    }

    private static StoredAuditEntry ToEntry(SqliteDataReader row) => new(
        row.GetInt64(0),
        new AuditEntry(
            UnixTime.FromMicroseconds(row.GetInt64(1)),
            row.GetString(2),
            row.GetString(3),
            row.GetString(4),
            row.GetString(5),
            row.GetString(6),
            row.IsDBNull(7) ? null : row.GetString(7)),
        row.GetInt64(8),
        UnixTime.FromMicroseconds(row.GetInt64(9)));
}
