namespace Armada.Bench.Load;

/// <summary>Counts of microseconds, one bucket each up to half a second; written by one thread.</summary>
internal sealed class Histogram
{
    private const int Max = 500_000;
    private readonly int[] buckets = new int[Max + 1];

    public long Count { get; private set; }

    public void Add(long micros)
    {
        buckets[Math.Clamp(micros, 0, Max)]++;
        Count++;
    }

    /// <summary>Microseconds that a share (0 to 1) of all counted values do not exceed.</summary>
    public double At(double share)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (var i = 0; i <= Max; i++)
        {
            seen += buckets[i];
            if (seen >= rank)
                return i;
        }

        return double.NaN;
    }

    public void Clear()
    {
        Array.Clear(buckets);
        Count = 0;
    }
}
