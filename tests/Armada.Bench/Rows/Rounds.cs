namespace Armada.Bench.Rows;

/// <summary>Figures of several rounds.</summary>
internal static class Rounds
{
    /// <summary>The middle one; the mean of the two middle ones of an even number.</summary>
    public static double Median(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>How many rounds, how long one is, and for how long it is warmed up before.</summary>
internal sealed record Pace(int Rounds, TimeSpan Round, TimeSpan Warming);
