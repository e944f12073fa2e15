namespace Armada.Emulators.Bus;

/// <summary>The newest writes on a bus, for tests and for a look from outside. Any thread.</summary>
public sealed class WriteJournal
{
    private readonly RegisterWrite[] ring = new RegisterWrite[Capacity];
    private readonly object gate = new();

    /// <summary>How many are kept; older ones are forgotten.</summary>
    public const int Capacity = 16_384;

    /// <summary>How many there have been.</summary>
    public long Count { get; private set; }

    /// <summary>Those still kept, oldest first.</summary>
    /// <param name="since">Only those after so many: an earlier <see cref="Count"/>.</param>
    public IReadOnlyList<RegisterWrite> Since(long since = 0)
    {
        lock (gate)
        {
            var first = Math.Clamp(Math.Max(since, Count - Capacity), 0, Count);
            var writes = new RegisterWrite[Count - first];
            for (var i = 0; i < writes.Length; i++)
                writes[i] = ring[(first + i) % Capacity];
            return writes;
        }
    }

    /// <summary>Waits for a write.</summary>
    /// <param name="wanted">Which.</param>
    /// <param name="timeout">How long.</param>
    /// <param name="since">Only one after so many: an earlier <see cref="Count"/>.</param>
    /// <returns>The write; null if it did not come.</returns>
    public RegisterWrite? Wait(Predicate<RegisterWrite> wanted, TimeSpan timeout, long since = 0)
    {
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        lock (gate)
        {
            for (var next = Math.Max(since, Count - Capacity); ; next++)
            {
                while (next >= Count)
                {
                    var left = end - Environment.TickCount64;
                    if (left <= 0 || !Monitor.Wait(gate, TimeSpan.FromMilliseconds(left)))
                        return null;
                }

                next = Math.Max(next, Count - Capacity);
                var write = ring[next % Capacity];
                if (wanted(write))
                    return write;
            }
        }
    }

    internal void Add(in RegisterWrite write)
    {
        lock (gate)
        {
            ring[Count % Capacity] = write;
            Count++;
            Monitor.PulseAll(gate);
        }
    }
}
