using System.Text.Json;
using StackExchange.Redis;

namespace Armada.Grains.Storage;

/// <summary>
/// Sets records of Orleans' Redis storage aside, in one hash named {service id}/set-aside. Each step touches one key, so that it works
/// in a Redis cluster too: the record is copied first, and then deleted where it still is the one that was copied.
/// </summary>
/// <param name="connection">Asked for at each call, for it is made later than this.</param>
/// <param name="serviceId">Orleans' service id, the prefix of the keys.</param>
public sealed class RedisStateQuarantine(Func<IConnectionMultiplexer> connection, string serviceId, TimeProvider time) : IStateQuarantine
{
    private const string Delete =
        "if redis.call('HGET', KEYS[1], 'etag') == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

    private readonly RedisKey setAside = $"{serviceId}/set-aside";

    public async Task<bool> SetAsideAsync(
        string stateName, GrainId grainId, string etag, string reason, CancellationToken cancellation = default)
    {
        try
        {
            var redis = connection().GetDatabase();
            RedisKey key = $"{serviceId}/state/{grainId}/{stateName}"; // As Orleans' provider names it.
            var record = await redis.HashGetAsync(key, ["etag", "data"]).WaitAsync(cancellation);
            if (record[0] != etag)
                return false;
            RedisValue field = $"{grainId}/{stateName}/{etag}";
            var document = new RedisSetAsideRecord(
                stateName,
                grainId.Type.ToString()!,
                grainId.Key.ToString()!,
                etag,
                UnixTime.ToMicroseconds(time.GetUtcNow()),
                reason,
                (byte[]?)record[1] ?? []);
            await redis.HashSetAsync(setAside, field, JsonSerializer.SerializeToUtf8Bytes(document, RedisJson.Default.RedisSetAsideRecord));
            if ((long)await redis.ScriptEvaluateAsync(Delete, [key], [etag]) == 1)
                return true;
            await redis.HashDeleteAsync(setAside, field); // Another silo has written or cleared it in between.
            return false;
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            throw new StorageWriteException(
                $"state '{stateName}' of grain '{grainId}' could not be set aside in Redis: {error.Message}", error);
        }
    }

    public async Task<IReadOnlyList<QuarantinedState>> ListAsync(int limit = 100, CancellationToken cancellation = default)
    {
        try
        {
            var all = await connection().GetDatabase().HashValuesAsync(setAside).WaitAsync(cancellation);
            return
            [
                .. all.Select(value => JsonSerializer.Deserialize((byte[])value!, RedisJson.Default.RedisSetAsideRecord)!)
                    .OrderByDescending(document => document.At)
                    .Take(limit)
                    .Select(document => new QuarantinedState(
                        document.StateName,
                        GrainId.Create(document.GrainType, document.GrainKey),
                        document.ETag,
                        UnixTime.FromMicroseconds(document.At),
                        document.Reason,
                        document.Data)),
            ];
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            throw new StorageReadException($"what was set aside could not be read from Redis: {error.Message}", error);
        }
    }
}
