namespace Armada.Bench.Soak;

/// <summary>How the heap grows.</summary>
/// <param name="PercentPerHour">Percent of its mean per hour; NaN where there is too little to tell.</param>
/// <param name="Error">By how much that may be wrong either way, from the scatter: two standard errors, in the same unit.</param>
internal readonly record struct Trend(double PercentPerHour, double Error)
{
    private const int Fewest = 4;
    private const double StandardErrors = 2;

    /// <summary>
    /// Of the second half, by least squares; the first half is for caches and pools to fill.
    /// </summary>
    public static Trend Of(IReadOnlyList<Vitals> all)
    {
        var half = all[^1].At / 2;
        var second = all.Where(vitals => vitals.At >= half).ToArray();
        if (second.Length < Fewest)
            return new Trend(double.NaN, double.NaN);
        var at = second.Average(vitals => vitals.At.TotalHours);
        var mean = second.Average(vitals => vitals.HeapBytes);
        var together = second.Sum(vitals => (vitals.At.TotalHours - at) * (vitals.HeapBytes - mean));
        var alone = second.Sum(vitals => Square(vitals.At.TotalHours - at));
        var slope = together / alone;
        var scatter = second.Sum(vitals => Square(vitals.HeapBytes - mean - (slope * (vitals.At.TotalHours - at)))) / (second.Length - 2);
        return new Trend(100 * slope / mean, StandardErrors * 100 * Math.Sqrt(scatter / alone) / mean);
    }

    /// <summary>Whether it grows by more than a bound beyond all error; also where there is too little to tell.</summary>
    public bool IsAbove(double bound) => !(PercentPerHour - Error <= bound);

    private static double Square(double value) => value * value;
}
