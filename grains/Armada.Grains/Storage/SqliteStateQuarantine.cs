namespace Armada.Grains.Storage;

/// <summary>Sets records of <see cref="SqliteGrainStorage"/> aside, in the table set_aside of the same file.</summary>
public sealed class SqliteStateQuarantine(SqliteDatabase database, string serviceId, TimeProvider time) : IStateQuarantine
{
    private const string Record = "service = $service AND grain_type = $type AND grain_key = $key AND state_name = $state AND etag = $etag";

    public Task<bool> SetAsideAsync(string stateName, GrainId grainId, string etag, string reason, CancellationToken cancellation = default)
    {
        (string, object?)[] record =
        [
            ("$service", serviceId),
            ("$type", grainId.Type.ToString()),
            ("$key", grainId.Key.ToString()),
            ("$state", stateName),
            ("$etag", etag),
        ];
        var at = UnixTime.ToMicroseconds(time.GetUtcNow());
        return database.WriteAsync(session =>
        {
            session.Execute(
                $"""
                INSERT INTO set_aside (at, reason, service, grain_type, grain_key, state_name, etag, data, checksum)
                SELECT $at, $reason, service, grain_type, grain_key, state_name, etag, data, checksum FROM grain_state WHERE {Record}
                """,
                [.. record, ("$at", at), ("$reason", reason)]);
            return session.Execute($"DELETE FROM grain_state WHERE {Record}", record) > 0;
        }).WaitAsync(cancellation);
    }

    public async Task<IReadOnlyList<QuarantinedState>> ListAsync(int limit = 100, CancellationToken cancellation = default)
    {
        await Task.CompletedTask; // Errors go to the task, as with a store that waits.
        return database.Read(session => session.Query(
            """
            SELECT state_name, grain_type, grain_key, etag, at, reason, data FROM set_aside
            WHERE service = $service ORDER BY id DESC LIMIT $limit
            """,
            row => new QuarantinedState(
                row.GetString(0),
                GrainId.Create(row.GetString(1), row.GetString(2)),
                row.GetString(3),
                UnixTime.FromMicroseconds(row.GetInt64(4)),
                row.GetString(5),
                row.GetFieldValue<byte[]>(6)),
            ("$service", serviceId),
            ("$limit", limit)));
    }
}
