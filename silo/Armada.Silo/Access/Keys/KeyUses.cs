using System.Collections.Concurrent;
using System.Threading.Channels;
using Armada.Silo.Store;

namespace Armada.Silo.Access.Keys;

/// <summary>Notes on which day each key was last used; written in the background, so that no request waits for it.</summary>
internal sealed class KeyUses(KeyRing keys, TimeProvider time) : BackgroundService
{
    private readonly ConcurrentDictionary<string, DateOnly> noted = new(StringComparer.Ordinal);
    private readonly Channel<(string Id, DateOnly Day)> waiting = Channel.CreateUnbounded<(string, DateOnly)>(); // At most one a key and day.

    /// <summary>Notes a use of today; returns at once.</summary>
    public void Note(ApiKey key)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        if (key.LastUsed >= today || (noted.TryGetValue(key.Id, out var day) && day >= today))
            return;
        noted[key.Id] = today;
        waiting.Writer.TryWrite((key.Id, today));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (id, day) in waiting.Reader.ReadAllAsync(stoppingToken))
            await WriteAsync(id, day, stoppingToken);
    }

    private async Task WriteAsync(string id, DateOnly day, CancellationToken cancellation)
    {
        try
        {
            await keys.NoteUseAsync(id, day, cancellation);
        }
        catch (NotStoredException)
        {
            noted.TryRemove(id, out _); // The store has logged it; the next use tries again.
        }
    }
}
