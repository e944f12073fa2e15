using System.Globalization;
using System.Text.Json;
using Armada.Core.Time;
using StackExchange.Redis;

namespace Armada.Grains.Storage;

/// <summary>
/// The audit log in Redis, one for all silos of a service. As durable as Redis itself is: have it append to its file
/// (appendonly yes), and where it loses nothing matters, at once (appendfsync always).
/// </summary>
/// <remarks>
/// Two streams, of stops and resets and of everything else, share one sequence of numbers, which are the entries' ids. Beside them: the
/// newest record of each fold key ("recent"), the counts of folded records ("folds"), the stops of each actor ("actors", a sorted set in
/// the order of its characters), and the bytes of both streams. All keys have one hash tag, so that a Redis cluster keeps them together.
/// </remarks>
/// <param name="connection">Asked for at each call, for it is made later than this.</param>
/// <param name="serviceId">Orleans' service id, the prefix of the keys.</param>
public sealed class RedisAuditStore(
    Func<IConnectionMultiplexer> connection, string serviceId, AuditRetention retention, TimeProvider time) : IAuditStore
{
    // Redis serves nobody else while the script runs.
    private const int MostAtOnce = 200;
    private const int MostRemovedAtOnce = 2_000;
    private const int ScannedAtOnce = 1_000;

    private const string Append =
        """
        local seqKey, others, stops, recentKey, foldsKey, actors, bytes = unpack(KEYS)
        local oldest, maxBytes, maxStopBytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local maxOfActor, within, most, maxRemoved = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

        local function number(n) return string.format('%.0f', n) end
        local function member(who, seq) return who .. '\0' .. string.format('%016.0f', tonumber(seq)) end

        local function remove(stream, entry)
          local f = {}
          for i = 1, #entry[2], 2 do f[entry[2][i]] = entry[2][i + 1] end
          redis.call('XDEL', stream, entry[1])
          redis.call('HINCRBY', bytes, stream, '-' .. f.size)
          if stream == stops then
            local seq = string.match(entry[1], '^%d+')
            redis.call('ZREM', actors, member(f.who, seq))
            redis.call('HDEL', foldsKey, seq)
            local newest = redis.call('HGET', recentKey, f.fold)
            if newest and string.match(newest, '^%d+') == seq then redis.call('HDEL', recentKey, f.fold) end
          end
        end

        local function folded(fold, at)
          local newest = redis.call('HGET', recentKey, fold)
          if not newest then return false end
          local seq, first, last, count = string.match(newest, '^(%d+) (%d+) (%d+) (%d+)$')
          local t = tonumber(at)
          local span = t - tonumber(first)
          if t - tonumber(last) > within or span > most or span < -within then return false end
          if t > tonumber(last) then last = at end
          count = number(tonumber(count) + 1)
          redis.call('HSET', recentKey, fold, seq .. ' ' .. first .. ' ' .. last .. ' ' .. count)
          redis.call('HSET', foldsKey, seq, last .. ' ' .. count)
          return true
        end

        local function add(stream, ...)
          local seq = number(redis.call('INCR', seqKey))
          redis.call('XADD', stream, seq .. '-0', ...)
          return seq
        end

        local actorsNow = {}
        for i = 8, #ARGV, 7 do
          local record, size, at, subject, what, who, fold = unpack(ARGV, i, i + 6)
          if fold == '' then
            add(others, 'record', record, 'size', size, 'at', at, 'subject', subject, 'what', what)
            redis.call('HINCRBY', bytes, others, size)
          elseif not folded(fold, at) then
            local seq = add(
              stops, 'record', record, 'size', size, 'at', at, 'subject', subject, 'what', what, 'who', who, 'fold', fold)
            redis.call('HINCRBY', bytes, stops, size)
            redis.call('HSET', recentKey, fold, seq .. ' ' .. at .. ' ' .. at .. ' 1')
            redis.call('ZADD', actors, 0, member(who, seq))
            actorsNow[who] = true
          end
        end

        for who in pairs(actorsNow) do
          local from, to = '[' .. who .. '\0', '(' .. who .. '\1'
          local excess = math.min(redis.call('ZLEXCOUNT', actors, from, to) - maxOfActor, maxRemoved)
          if excess > 0 then
            for _, stop in ipairs(redis.call('ZRANGEBYLEX', actors, from, to, 'LIMIT', 0, excess)) do
              local seq = number(tonumber(string.sub(stop, -16)))
              for _, entry in ipairs(redis.call('XRANGE', stops, seq, seq)) do remove(stops, entry) end
            end
          end
        end

        for stream, budget in pairs({ [others] = maxBytes, [stops] = maxStopBytes }) do
          for _ = 1, maxRemoved do
            local entry = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
            if not entry then break end
            local isOver = tonumber(redis.call('HGET', bytes, stream)) > budget
            if not isOver and tonumber(entry[2][6]) >= oldest then break end
            remove(stream, entry)
          end
        end
        return 0
        """;

    // Of each stream the next entries downwards that match, and where the next page begins: 0 at the end. The fields as they are added.
    private const string Scan =
        """
        local max, count, subject, what = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
        local result = {}
        for i, stream in ipairs(KEYS) do
          local entries = redis.call('XREVRANGE', stream, max, '-', 'COUNT', count)
          local found = {}
          for _, entry in ipairs(entries) do
            local f = entry[2]
            if (subject == '*' or '=' .. f[8] == subject) and (what == '*' or '=' .. f[10] == what) then
              found[#found + 1] = { entry[1], f[2], f[8], f[10] }
            end
          end
          result[i] = { #entries < tonumber(count) and '0' or entries[#entries][1], found }
        end
        return result
        """;

    private readonly RedisKey others = Key(serviceId, "others");
    private readonly RedisKey stops = Key(serviceId, "stops");
    private readonly RedisKey folds = Key(serviceId, "folds");

    private RedisKey[] Keys =>
        [Key(serviceId, "seq"), others, stops, Key(serviceId, "recent"), folds, Key(serviceId, "actors"), Key(serviceId, "bytes")];

    private long Oldest => UnixTime.ToMicroseconds(time.GetUtcNow() - retention.MaxAge);

    public async Task AppendAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellation = default)
    {
        try
        {
            var redis = connection().GetDatabase();
            var rows = entries.Select(entry => AuditRow.Of(entry, retention)).ToArray();
            for (var begin = 0; begin == 0 || begin < rows.Length; begin += MostAtOnce)
            {
                var chunk = rows.AsSpan(begin..Math.Min(begin + MostAtOnce, rows.Length));
                await redis.ScriptEvaluateAsync(Append, Keys, Arguments(chunk)).WaitAsync(cancellation);
            }
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            throw new StorageWriteException($"{entries.Count} audit records could not be written to Redis: {error.Message}", error);
        }
    }

    public async Task<IReadOnlyList<StoredAuditEntry>> ReadAsync(AuditQuery query, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, AuditQuery.MaxLimit);
        try
        {
            var redis = connection().GetDatabase();
            var oldest = Oldest;
            var atOnce = query.Subject is null && query.What is null ? query.Limit : ScannedAtOnce;
            var found = new List<StoredAuditEntry>();
            var before = query.Before;
            while (found.Count < query.Limit && before > 1)
            {
                var page = await PageAsync(redis, query, before, atOnce).WaitAsync(cancellation);
                var young = page.Entries.Where(record => UnixTime.ToMicroseconds(record.Entry.At) >= oldest);
                found.AddRange(young.Take(query.Limit - found.Count));
                before = page.Floor;
            }

            return await CountAsync(redis, found).WaitAsync(cancellation);
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            throw new StorageReadException($"the audit log could not be read from Redis: {error.Message}", error);
        }
    }

    private static RedisKey Key(string serviceId, string name) => $"{{{serviceId}/audit}}/{name}";

    private RedisValue[] Arguments(ReadOnlySpan<AuditRow> rows)
    {
        var arguments = new List<RedisValue>(7 + (rows.Length * 7))
        {
            Oldest,
            retention.MaxBytes,
            retention.MaxStopBytes,
            retention.MaxStopsPerActor,
            Microseconds.Of(retention.FoldWithin),
            Microseconds.Of(retention.FoldAtMost),
            MostRemovedAtOnce,
        };
        foreach (var row in rows)
        {
            var record = new RedisAuditRecord(row.At, row.Entry.Who, row.Entry.Role, row.Entry.From, row.Entry.Detail);
            arguments.Add(JsonSerializer.SerializeToUtf8Bytes(record, RedisJson.Default.RedisAuditRecord));
            arguments.Add(row.Size);
            arguments.Add(row.At);
            arguments.Add(row.Entry.Subject);
            arguments.Add(row.Entry.What);
            arguments.Add(row.Entry.Who);
            arguments.Add(row.Fold is null ? "" : Convert.ToHexString(row.Fold));
        }

        return [.. arguments];
    }

    /// <summary>
    /// The newest records of both streams below a number, in one order. A stream that gave as many as were asked for may have more below
    /// its last, so the other one's records below that wait for the next page, which begins at the floor.
    /// </summary>
    private async Task<(IEnumerable<StoredAuditEntry> Entries, long Floor)> PageAsync(
        IDatabase redis, AuditQuery query, long before, int atOnce)
    {
        RedisValue max = before == long.MaxValue ? "+" : before - 1;
        var streams = (RedisResult[])(await redis.ScriptEvaluateAsync(
            Scan, [others, stops], [max, atOnce, Filter(query.Subject), Filter(query.What)]))!;
        var floor = streams.Max(stream => SeqOf(stream[0]));
        var entries = streams.SelectMany(stream => (RedisResult[])stream[1]!).Select(ToEntry);
        return (entries.Where(entry => entry.Seq >= floor).OrderByDescending(entry => entry.Seq), floor);
    }

    private static RedisValue Filter(string? text) => text is null ? "*" : "=" + AuditRow.Cut(text);

    private static StoredAuditEntry ToEntry(RedisResult found)
    {
        var record = JsonSerializer.Deserialize((byte[])found[1]!, RedisJson.Default.RedisAuditRecord)!;
        var at = UnixTime.FromMicroseconds(record.At);
        var entry = new AuditEntry(at, record.Who, record.Role, record.From, (string)found[3]!, (string)found[2]!, record.Detail);
        return new StoredAuditEntry(SeqOf(found[0]), entry, 1, at);
    }

    private static long SeqOf(RedisResult id) => Number(((string)id!).Split('-')[0]);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private async Task<IReadOnlyList<StoredAuditEntry>> CountAsync(IDatabase redis, List<StoredAuditEntry> found)
    {
        if (found.Count == 0)
            return found;
        var counts = await redis.HashGetAsync(folds, [.. found.Select(entry => (RedisValue)entry.Seq)]);
        return [.. found.Zip(counts, (entry, count) => count.ToString().Split(' ') is [var last, var repeats]
            ? entry with { Count = Number(repeats), LastAt = UnixTime.FromMicroseconds(Number(last)) }
            : entry)];
    }
}
