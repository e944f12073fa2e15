using System.IO.Hashing;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Armada.Grains.Storage;

/// <summary>
/// Keeps grain state in the <see cref="SqliteDatabase"/>. A record has the key (service id, grain id, state name), an ETag that is new at
/// every write, and a checksum, so that bytes which the disk has changed are never taken for a document. Clearing deletes. May be
/// called from any thread, inside and outside of a grain.
/// </summary>
public sealed class SqliteGrainStorage(
    SqliteDatabase database, string serviceId, IGrainStorageSerializer serializer, IActivatorProvider activators) : IGrainStorage
{
    private const string Key = "service = $service AND grain_type = $type AND grain_key = $key AND state_name = $state";

    /// <exception cref="UnreadableStateException">The record is there and cannot be read.</exception>
    /// <exception cref="StorageReadException">The file cannot be read now.</exception>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await Task.CompletedTask; // Errors go to the task, as with storage that waits.
        var found = database.Read(session => session.Query(
            $"SELECT etag, data, checksum FROM grain_state WHERE {Key}",
            row => (ETag: row.GetString(0), Data: row.GetFieldValue<byte[]>(1), Checksum: row.GetInt64(2)),
            KeyOf(stateName, grainId)));
        if (found is not [var record])
        {
            (grainState.State, grainState.ETag, grainState.RecordExists) = (activators.GetActivator<T>().Create(), null, false);
            return;
        }

        if (ChecksumOf(record.Data) != record.Checksum)
            throw new UnreadableStateException(stateName, grainId, record.ETag, "the disk has changed its bytes since they were written");
        grainState.State = Deserialize<T>(stateName, grainId, record.ETag, record.Data);
        (grainState.ETag, grainState.RecordExists) = (record.ETag, true);
    }

    /// <exception cref="InconsistentStateException">The record has another ETag than the state; a missing one has null.</exception>
    /// <exception cref="StorageWriteException">Nothing was stored.</exception>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var data = serializer.Serialize(grainState.State).ToArray();
        var etag = Guid.NewGuid().ToString("N");
        await ChangeAsync(
            nameof(WriteStateAsync),
            stateName,
            grainId,
            grainState.ETag,
            string.IsNullOrEmpty(grainState.ETag)
                ? """
                  INSERT INTO grain_state (service, grain_type, grain_key, state_name, etag, data, checksum)
                  VALUES ($service, $type, $key, $state, $etag, $data, $checksum) ON CONFLICT DO NOTHING
                  """
                : $"UPDATE grain_state SET etag = $etag, data = $data, checksum = $checksum WHERE {Key} AND etag = $expected",
            ("$etag", etag),
            ("$data", data),
            ("$checksum", ChecksumOf(data)));
        (grainState.ETag, grainState.RecordExists) = (etag, true);
    }

    /// <exception cref="InconsistentStateException">The record has another ETag than the state; a missing one has null.</exception>
    /// <exception cref="StorageWriteException">Nothing was cleared.</exception>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await ChangeAsync(
            nameof(ClearStateAsync),
            stateName,
            grainId,
            grainState.ETag,
            string.IsNullOrEmpty(grainState.ETag) ? null : $"DELETE FROM grain_state WHERE {Key} AND etag = $expected");
        (grainState.State, grainState.ETag, grainState.RecordExists) = (activators.GetActivator<T>().Create(), null, false);
    }

    internal static long ChecksumOf(ReadOnlySpan<byte> data) => (long)XxHash3.HashToUInt64(data);

    private async Task ChangeAsync(
        string operation, string stateName, GrainId grainId, string? expected, string? sql, params (string Name, object? Value)[] values)
    {
        (string, object?)[] key = KeyOf(stateName, grainId);
        var isNew = string.IsNullOrEmpty(expected);
        (string, object?)[] parameters = isNew ? [.. key, .. values] : [.. key, .. values, ("$expected", expected)];
        var (isDone, stored) = await database.WriteAsync(session =>
        {
            var changed = sql is null ? 0 : session.Execute(sql, parameters);
            var present = changed > 0 ? null : session.Scalar($"SELECT etag FROM grain_state WHERE {Key}", key) as string;
            return (changed > 0 || (sql is null && present is null), present);
        });
        if (!isDone)
        {
            throw new InconsistentStateException(
                $"{operation}: state '{stateName}' of grain '{grainId}' was changed by another activation", stored, expected);
        }
    }

    private (string, object?)[] KeyOf(string stateName, GrainId grainId) =>
        [("$service", serviceId), ("$type", grainId.Type.ToString()), ("$key", grainId.Key.ToString()), ("$state", stateName)];

    private T Deserialize<T>(string stateName, GrainId grainId, string etag, byte[] data)
    {
        try
        {
            return serializer.Deserialize<T>(new BinaryData(data))!;
        }
        catch (Exception unreadable) when (unreadable is not OutOfMemoryException)
        {
            throw new UnreadableStateException(stateName, grainId, etag, unreadable.Message, unreadable);
        }
    }
}
