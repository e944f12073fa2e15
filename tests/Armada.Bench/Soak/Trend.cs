namespace Armada.Bench.Soak;

/// <summary>Whether memory is flat.</summary>
internal static class Trend
{
    /// <summary>
    /// Growth of the heap over the second half, by least squares, in percent of its mean per hour; the first half is for caches and pools
    /// to fill. NaN for fewer than three values.
    /// </summary>
    public static double PercentPerHour(IReadOnlyList<Vitals> all)
    {
        var half = all[^1].At / 2;
        var second = all.Where(vitals => vitals.At >= half).ToArray();
        if (second.Length < 3)
            return double.NaN;
        var at = second.Average(vitals => vitals.At.TotalHours);
        var mean = second.Average(vitals => vitals.HeapBytes);
        var together = second.Sum(vitals => (vitals.At.TotalHours - at) * (vitals.HeapBytes - mean));
        var alone = second.Sum(vitals => (vitals.At.TotalHours - at) * (vitals.At.TotalHours - at));
        return 100 * together / alone / mean;
    }
}
