namespace Armada.Bench.Soak;

/// <summary>How the heap grows.</summary>
/// <param name="PercentPerHour">Percent of its mean per hour; NaN where there is too little to tell.</param>
/// <param name="Error">By how much that may be wrong either way, from the scatter: two standard errors, in the same unit.</param>
internal readonly record struct Trend(double PercentPerHour, double Error)
{
    private const int MinSamples = 4;
    private const double StandardErrors = 2;

    /// <summary>
    /// Of the second half, by least squares; the first half is for caches and pools to fill.
    /// </summary>
    public static Trend Of(IReadOnlyList<ProcessSample> all)
    {
        var half = all[^1].At / 2;
        var second = all.Where(sample => sample.At >= half).ToArray();
        if (second.Length < MinSamples)
            return new Trend(double.NaN, double.NaN);
        var at = second.Average(sample => sample.At.TotalHours);
        var mean = second.Average(sample => sample.HeapBytes);
        var together = second.Sum(sample => (sample.At.TotalHours - at) * (sample.HeapBytes - mean));
        var alone = second.Sum(sample => Square(sample.At.TotalHours - at));
        var slope = together / alone;
        var scatter = second.Sum(sample => Square(sample.HeapBytes - mean - (slope * (sample.At.TotalHours - at)))) / (second.Length - 2);
        return new Trend(100 * slope / mean, StandardErrors * 100 * Math.Sqrt(scatter / alone) / mean);
    }

    /// <summary>Whether it grows by more than a bound beyond all error; also where there is too little to tell.</summary>
    public bool IsAbove(double bound) => !(PercentPerHour - Error <= bound);

    private static double Square(double value) => value * value;
}
