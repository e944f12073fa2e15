using Armada.Core.Time;

namespace Armada.Core.Routing;

/// <summary>How fast the source of one joint's commands moves, units per second by its own clock, so that late and lost samples do not
/// count.</summary>
internal struct SourceSpeed
{
    private const long HalfSecond = Microseconds.PerSecond / 2;

    // Within less, a servo's step of 0.088 degrees is a great part of what was moved.
    private const double Window = 0.05;
    private const double Step = 0.1;

    // Samples between which a leader's were interpolated say no more than those.
    private const double MinInterval = 0.008;

    private double from;
    private long fromAt;
    private double last;
    private long lastAt;
    private double peak;
    private double peakBefore;
    private long peakBegan;

    /// <summary>Between the last two samples.</summary>
    public double Present { get; private set; }

    /// <summary>The greatest of the last second, half of it at least.</summary>
    public readonly double Peak => Math.Max(peak, peakBefore);

    public void Begin(double position, long at) =>
        this = new SourceSpeed { from = position, fromAt = at, last = position, lastAt = at, peakBegan = at };

    public void Observe(double position, long at)
    {
        if (Math.Abs(at - lastAt) < MinInterval * Microseconds.PerSecond)
            return;
        Present = Math.Max(0, Math.Abs(position - last) - Step) / HandMotion.Interval(lastAt, at);
        (last, lastAt) = (position, at);
        var seconds = HandMotion.Interval(fromAt, at);
        if (seconds >= Window)
        {
            Present = Math.Max(Present, Math.Abs(position - from) / seconds);
            (from, fromAt) = (position, at);
        }

        var passed = at - peakBegan;
        if (passed is < 0 or >= HalfSecond)
            (peakBefore, peak, peakBegan) = (passed < 2 * HalfSecond ? peak : 0, 0, at);
        peak = Math.Max(peak, Present);
    }
}
