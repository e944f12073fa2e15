using System.Diagnostics.Metrics;

namespace Armada.Core.Time;

/// <summary>How durations are measured everywhere: in seconds, by histograms that resolve 20 µs to 1 s.</summary>
public static class Durations
{
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
    };

    /// <summary>A histogram of seconds.</summary>
    public static Histogram<double> CreateDuration(this Meter meter, string name, string description) =>
        meter.CreateHistogram(name, "s", description, tags: null, Buckets);
}
