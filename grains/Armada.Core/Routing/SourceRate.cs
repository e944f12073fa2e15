using Armada.Core.Time;

namespace Armada.Core.Routing;

/// <summary>How often a source sends, by its own clock and its own count, so that neither a network that stalls nor a sample that is lost looks
/// slow; and how long one that is slow may be silent.</summary>
public sealed class SourceRate
{
    private const int Intervals = 4;

    // One so quick is followed with the shortest watchdog.
    private const double SlowMicros = 120_000;

    // What followers know is left alone while it is about right.
    private const double Change = 1.25;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private SampleStamp last;
    private double least = double.MaxValue;
    private double second = double.MaxValue;
    private int count = -1;

    /// <summary>Microseconds from one sample to the next; null while that is not known.</summary>
    public double? Interval { get; private set; }

    /// <summary>Samples per second of a source that is so slow that its followers must know it; else null.</summary>
    public double? SlowHz { get; private set; }

    /// <summary>After how long without a reading followers of a source hold: 2.5 of its intervals, 300 ms at least and a second at most.</summary>
    /// <param name="rateHz">Null where it is not slow.</param>
    public static TimeSpan Watchdog(double? rateHz) =>
        rateHz is { } rate ? TimeSpan.FromSeconds(Math.Clamp(2.5 / rate, Shortest.TotalSeconds, Longest.TotalSeconds)) : Shortest;

    /// <summary>Takes an accepted sample.</summary>
    /// <returns>Whether <see cref="SlowHz"/> has changed.</returns>
    public bool Observe(in SampleStamp stamp)
    {
        var steps = stamp.Unfenced ? 1 : unchecked(stamp.Sequence - last.Sequence);
        var passed = stamp.CapturedAt - last.CapturedAt;
        var interval = passed / (double)steps;
        var isFirst = count < 0 || stamp.Epoch != last.Epoch || !(passed > 0);
        last = stamp;
        if (isFirst)
            return Begin(SlowHz);
        // Neither two that a network brings at once nor a pause says how fast it sends.
        (least, second) = (Math.Min(least, interval), Math.Min(second, Math.Max(least, interval)));
        if (++count < Intervals)
            return false;
        Interval = second;
        return Begin(second > SlowMicros ? Microseconds.PerSecond / second : null);
    }

    private bool Begin(double? rateHz)
    {
        (least, second, count) = (double.MaxValue, double.MaxValue, 0);
        var changes = rateHz is { } rate && SlowHz is { } known ? Math.Max(rate / known, known / rate) > Change : rateHz != SlowHz;
        if (changes)
            SlowHz = rateHz is { } hz ? Math.Round(hz, 2) : null;
        return changes;
    }
}
