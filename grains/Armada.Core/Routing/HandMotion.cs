using Armada.Core.Robots;

namespace Armada.Core.Routing;

/// <summary>How a hand moves a leader's joint: what it can do in a given time, and the way between two readings of an encoder.</summary>
public static class HandMotion
{
    // Well above what people reach with an arm in their hand, and well below a reading that is wrong.
    private const double MaxSpeed = 720;
    private const double MaxAcceleration = 10_000;
    private const double Noise = 2;

    // A trigger that snaps shut covers its whole range in a tenth of a second.
    private const double MaxTriggerSpeed = 2_000;
    private const double MaxTriggerAcceleration = 100_000;
    private const double TriggerNoise = 4;

    private const double Turn = 360;

    // Whoever turns on over the end of an encoder is seen on its other side before long; what is further off is elsewhere.
    private const double MaxWrap = 60;

    /// <summary>The longest way, joint units, that a joint can go in a time.</summary>
    /// <param name="speed">At its beginning, units per second, 0 or more.</param>
    public static double Reach(JointUnit unit, double speed, double seconds)
    {
        var (fastest, acceleration, noise) =
            unit == JointUnit.Percent ? (MaxTriggerSpeed, MaxTriggerAcceleration, TriggerNoise) : (MaxSpeed, MaxAcceleration, Noise);
        return noise + Math.Min(fastest * seconds, (speed * seconds) + (acceleration * seconds * seconds / 2));
    }

    /// <summary>From one reading to the next, over the end of the encoder where it is just there.</summary>
    public static double Way(JointUnit unit, double from, double to)
    {
        var over = Math.IEEERemainder(to - from, Turn);
        return unit == JointUnit.Degree && Math.Abs(over) <= MaxWrap ? over : to - from;
    }

    /// <summary>Seconds between two samples by their source's clock, which may have been set meanwhile.</summary>
    public static double Interval(long fromMicroseconds, long toMicroseconds) =>
        Math.Clamp((toMicroseconds - fromMicroseconds) / 1e6, 0.005, 1);
}
