namespace Armada.Grains.Robots;

/// <summary>Percentiles of a lag, milliseconds.</summary>
/// <param name="Samples">How many values they are over.</param>
/// <param name="P50">Half of the values are at most this.</param>
/// <param name="P95">95 of 100 values are at most this.</param>
/// <param name="P99">99 of 100 values are at most this.</param>
public sealed record LagPercentiles(int Samples, double P50, double P95, double P99);

/// <summary>The last values of a lag. One thread adds, any may read.</summary>
public sealed class LagWindow
{
    /// <summary>Values kept: ten seconds at 100 Hz.</summary>
    public const int Size = 1000;

    private readonly Lock sync = new();
    private float[]? values;
    private int count;

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

    /// <summary>The percentiles now, or null while there is no value.</summary>
    public LagPercentiles? Read()
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
