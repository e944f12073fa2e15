using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Grains.Robots;

/// <summary>The last values of a lag. One thread adds; the runtime's owner reads.</summary>
public sealed class LagWindow
{
    /// <summary>Values kept: ten seconds at 100 Hz.</summary>
    public const int Size = 1000;

    private readonly Lock sync = new();
    private float[]? values;
    private int count;
    private LagPercentiles? read;
    private long readAt;

    /// <summary>Adds a value, milliseconds.</summary>
    public void Add(double milliseconds)
    {
        lock (sync)
        {
            values ??= new float[Size];
            values[count++ % Size] = (float)milliseconds;
            if (count == 2 * Size)
                count = Size;
        }
    }

    /// <summary>The percentiles, at most a second old; null while there is no value.</summary>
    public LagPercentiles? Read(in Timestamp now)
    {
        if (read is null || now.Monotonic - readAt >= Microseconds.PerSecond)
            (read, readAt) = (Compute(), now.Monotonic);
        return read;
    }

    private LagPercentiles? Compute()
    {
        float[] sorted;
        lock (sync)
        {
            if (values is null)
                return null;
            sorted = values[..Math.Min(count, Size)];
        }

        Array.Sort(sorted);
        return new LagPercentiles(sorted.Length, At(sorted, 0.50), At(sorted, 0.95), At(sorted, 0.99));
    }

    private static double At(float[] sorted, double share) =>
        Math.Round(sorted[(int)Math.Ceiling(share * sorted.Length) - 1], 3);
}
