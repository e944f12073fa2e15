namespace Armada.Up.Measure;

/// <summary>Order statistics of a list of figures.</summary>
internal sealed class Percentiles
{
    private readonly double[] sorted;

    /// <summary>Of these figures, in any order.</summary>
    public Percentiles(IEnumerable<double> figures)
    {
        sorted = [.. figures];
        Array.Sort(sorted);
    }

    /// <summary>How many figures.</summary>
    public int Count => sorted.Length;

    /// <summary>The figure that a share of all do not exceed (nearest rank); NaN of none.</summary>
    /// <param name="share">0 to 1.</param>
    public double At(double share) =>
        sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
}
