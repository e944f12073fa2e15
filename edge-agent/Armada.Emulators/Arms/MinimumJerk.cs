namespace Armada.Emulators.Arms;

/// <summary>The way people move: speed and acceleration begin and end at zero (Flash and Hogan, 1985).</summary>
internal static class MinimumJerk
{
    /// <summary>The greatest speed of a move as a multiple of its mean speed.</summary>
    public const double PeakSpeed = 1.875;

    /// <summary>Part of the way after a part of the time, both 0 to 1.</summary>
    public static double At(double time)
    {
        var t = Math.Clamp(time, 0, 1);
        return t * t * t * (10 + (t * ((6 * t) - 15)));
    }
}
